import type { Allocate } from '../shared/reusing.ts';

const fresh: Allocate = (length) => Buffer.allocUnsafeSlow(length);

/** Reads exact lengths from a stream of chunks that are lent: each may hold something else when the next one has been asked for. */
export interface ByteQueue {
  /**
   * Exactly `length` bytes, or null when the stream ends first; what is left is then in `rest`. What spans chunks is put
   * together in a buffer from `allocate`; the rest is lent, until `take` or `more` is called again.
   */
  take(length: number, allocate?: Allocate): Promise<Buffer | null>;
  /** What has come and was not taken. */
  rest(): Buffer;
  /** Puts bytes back, to be taken first. */
  unshift(bytes: Buffer): void;
  /** Waits for one more chunk; false at the end. */
  more(): Promise<boolean>;
}

/** `chunks` is read only as far as somebody asks. */
export function createByteQueue(chunks: AsyncIterator<Buffer>): ByteQueue {
  const held: Buffer[] = [];

  const more = async (): Promise<boolean> => {
    const lent = held.pop();
    if (lent !== undefined) held.push(Buffer.from(lent));
    const next = await chunks.next();
    if (next.done === true) return false;
    held.push(next.value);
    return true;
  };

  /** Moves held bytes to `target`, from `at` on; returns where the next go. */
  const fill = (target: Buffer, at: number): number => {
    const first = held[0];
    if (first === undefined) return at;
    const copied = first.copy(target, at);
    if (copied === first.length) held.shift();
    else held[0] = first.subarray(copied);
    return at + copied;
  };

  return {
    more,
    async take(length, allocate = fresh) {
      if (length === 0) return Buffer.alloc(0);
      if (held.length === 0 && !(await more())) return null;
      const first = held[0] ?? Buffer.alloc(0);
      if (first.length >= length) {
        if (first.length === length) held.shift();
        else held[0] = first.subarray(length);
        return first.subarray(0, length);
      }
      const taken = allocate(length).subarray(0, length);
      for (let at = 0; at < length;) {
        if (held.length === 0 && !(await more())) {
          held.push(Buffer.from(taken.subarray(0, at)));
          return null;
        }
        at = fill(taken, at);
      }
      return taken;
    },
    rest: () => Buffer.concat(held),
    unshift(bytes) {
      held.unshift(bytes);
    },
  };
}
