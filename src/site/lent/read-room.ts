import type { OnReadOpts, Socket } from 'node:net';

const BUFFER_BYTES = 64 << 10;
/** What a read gets at least. */
const LEAST_ROOM = 16 << 10;
/** More than the head of an answer may have (undici's `maxHeaderSize` is 16 KiB): its parser keeps pieces of a head until that is whole. */
const HEAD_BYTES = 32 << 10;

/** Memory that one socket reads into, again and again. */
export interface ReadRoom {
  /** The socket's option `onread`. */
  readonly onread: OnReadOpts;
  /** To be told of the socket before anything comes. */
  attach(socket: Pick<Socket, 'push' | 'readableLength'>): void;
}

/**
 * What comes is pushed to the socket's stream as usual, but in memory that is used again once the stream's reader has taken it: whoever
 * reads has to copy what he wants to keep before he returns (see ask.ts). Otherwise Node.js allocates 64 KiB for each read, which are
 * freed long after they could be.
 */
export function createReadRoom(): ReadRoom {
  let socket: Pick<Socket, 'push' | 'readableLength'> | undefined;
  /** Filled, oldest first; `end`: how much had been received by then. */
  const filled: { readonly buffer: Buffer; readonly end: number }[] = [];
  let current: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  let used = 0;
  let received = 0;

  const another = (): Buffer => {
    filled.push({ buffer: current, end: received });
    const taken = received - (socket?.readableLength ?? received);
    const [oldest] = filled;
    if (oldest === undefined || oldest.end + HEAD_BYTES > taken) return Buffer.allocUnsafeSlow(BUFFER_BYTES);
    filled.shift();
    return oldest.buffer;
  };
  return {
    attach: (opened) => {
      socket = opened;
    },
    onread: {
      buffer: () => {
        if (current.length - used < LEAST_ROOM) {
          current = another();
          used = 0;
        }
        return current.subarray(used);
      },
      callback: (bytes, buffer) => {
        used += bytes;
        received += bytes;
        return socket?.push(buffer.subarray(0, bytes)) ?? false;
      },
    },
  };
}
