/** Four times what the reader of a site lets through: PHP may get a row in a longer form. Only addresses are taken for it, not memory. */
const MOST_BYTES = 1024 * 1024 * 1024;

/** Bytes that come in pieces, put together in one place. */
export interface Gathered {
  readonly isEmpty: boolean;
  /** Copies a piece. */
  add(piece: Buffer): void;
  /** What came so far: valid until the next call of `add` or `drop`. */
  bytes(): Buffer;
  /** Gives the memory back at once: no buffer of `bytes` may be in use. */
  drop(): void;
}

/** The memory grows in place, so that a row is never there twice; a Buffer would have to be copied into a larger one. */
export function createGathered(): Gathered {
  let memory: ArrayBuffer | undefined;
  let length = 0;
  return {
    get isEmpty() {
      return length === 0;
    },
    add(piece) {
      memory ??= new ArrayBuffer(0, { maxByteLength: MOST_BYTES });
      memory.resize(length + piece.length);
      piece.copy(Buffer.from(memory, length, piece.length));
      length += piece.length;
    },
    bytes: () => (memory === undefined ? Buffer.alloc(0) : Buffer.from(memory, 0, length)),
    drop() {
      memory?.resize(0);
      length = 0;
    },
  };
}
