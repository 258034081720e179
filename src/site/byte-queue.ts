/** Reads exact lengths from a stream of chunks; copies only what spans chunks. */
export interface ByteQueue {
  /** Exactly `length` bytes, or null when the stream ends first; what is left is then in `rest`. */
  take(length: number): Promise<Buffer | null>;
  /** What has come and was not taken. */
  rest(): Buffer;
  /** Puts bytes back, to be taken first. */
  unshift(bytes: Buffer): void;
  /** Waits for one more chunk; false at the end. */
  more(): Promise<boolean>;
}

export function createByteQueue(chunks: AsyncIterator<Buffer>): ByteQueue {
  let held: Buffer[] = [];
  let size = 0;

  const more = async (): Promise<boolean> => {
    const next = await chunks.next();
    if (next.done === true) return false;
    held.push(next.value);
    size += next.value.length;
    return true;
  };

  const cut = (length: number): Buffer => {
    const first = held[0];
    size -= length;
    if (first !== undefined && first.length >= length) {
      if (first.length === length) held.shift();
      else held[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    const taken = Buffer.allocUnsafeSlow(length);
    let at = 0;
    let used = 0;
    for (const chunk of held) {
      const wanted = Math.min(chunk.length, length - at);
      chunk.copy(taken, at, 0, wanted);
      at += wanted;
      if (wanted < chunk.length) {
        held[used] = chunk.subarray(wanted);
        break;
      }
      used += 1;
      if (at === length) break;
    }
    held = held.slice(used);
    return taken;
  };

  return {
    more,
    async take(length) {
      if (length === 0) return Buffer.alloc(0);
      for (;;) {
        if (size >= length) return cut(length);
        if (!(await more())) return null;
      }
    },
    rest: () => Buffer.concat(held, size),
    unshift(bytes) {
      held.unshift(bytes);
      size += bytes.length;
    },
  };
}
