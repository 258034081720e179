/** Four bytes each, in pieces of 64 KiB. */
const PIECE_BITS = 14;
const PIECE = 2 ** PIECE_BITS;

/** A list of whole numbers modulo 2^32 that grows without being copied, and takes no more than four bytes for each. */
export interface Numbers {
  get(index: number): number;
  /** The index is that of a number, or the first without one. */
  set(index: number, value: number): void;
  /** Lets go of the memory. */
  clear(): void;
}

export function createNumbers(): Numbers {
  const pieces: Uint32Array[] = [];
  return {
    get: (index) => pieces[index >>> PIECE_BITS]?.[index % PIECE] ?? 0,
    set: (index, value) => {
      const piece = (pieces[index >>> PIECE_BITS] ??= new Uint32Array(PIECE));
      piece[index % PIECE] = value;
    },
    // One piece is kept for the next value.
    clear: () => void (pieces.length = Math.min(pieces.length, 1)),
  };
}
