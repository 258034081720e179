import type { Pool } from '../../shared/reusing.ts';

/**
 * From so many bytes on that nobody has read yet, the site is made to wait; one more read (read-room.ts) then still has room. Seldom:
 * undici puts what it has and what still comes together in new memory each time.
 */
const ENOUGH_BYTES = 448 << 10;
const ROOM_BYTES = 512 << 10;

/** The body of an answer while it comes. */
export interface LentBody {
  /** Lent: each chunk holds something else when the next one has been asked for. For one reader. */
  [Symbol.asyncIterator](): AsyncIterator<Buffer>;
  /** Reads no more, and ends the connection unless the answer has come to its end. */
  destroy(): void;
  /** Drops what still comes, so that the connection can be used again; ends it when that is more than `limit` bytes. */
  drain(limit: number): void;
}

/** What an answer's connection does to its body, and what the body does to its connection. */
export interface BodyEnd {
  readonly body: LentBody;
  /** Copies what came. False: no more, please, until `resume`. */
  put(chunk: Buffer): boolean;
  /** Nothing more comes, because of an error if one is given: what came before it can still be read. */
  end(error?: Error): void;
}

export interface Connection {
  resume(): void;
  abort(): void;
}

/** Two pieces of memory from the pool: one is filled while the other is lent. */
export function createBody(connection: Connection, pool: Pool): BodyEnd {
  let filling: Buffer = Buffer.alloc(0);
  let other: Buffer = Buffer.alloc(0);
  let used = 0;
  let ended: { readonly error: Error | undefined } | undefined;
  let dropping: number | undefined;
  let wake: (() => void) | undefined;

  const room = (bytes: number): Buffer => {
    if (bytes <= filling.length) return filling;
    const larger = pool.take(Math.max(ROOM_BYTES, bytes));
    filling.copy(larger, 0, 0, used);
    pool.give(filling);
    filling = larger;
    return filling;
  };
  /** Nobody reads any more. */
  const leave = (): void => {
    for (const buffer of [filling, other]) pool.give(buffer);
    filling = Buffer.alloc(0);
    other = Buffer.alloc(0);
    used = 0;
  };
  const next = async (): Promise<IteratorResult<Buffer, undefined>> => {
    for (;;) {
      if (used > 0) break;
      if (ended !== undefined) {
        leave();
        if (ended.error !== undefined) throw ended.error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => (wake = resolve));
    }
    const value = filling.subarray(0, used);
    [filling, other, used] = [other, filling, 0];
    connection.resume();
    return { done: false, value };
  };
  const end = (error?: Error): void => {
    ended ??= { error };
    wake?.();
  };
  return {
    body: {
      [Symbol.asyncIterator]: () => ({ next }),
      destroy: () => {
        if (ended === undefined) connection.abort();
        dropping = 0;
        leave();
        end();
      },
      drain: (limit) => {
        dropping = limit;
        leave();
        if (ended === undefined) connection.resume();
      },
    },
    put: (chunk) => {
      if (dropping !== undefined) {
        dropping -= chunk.length;
        if (dropping < 0) connection.abort();
        return true;
      }
      chunk.copy(room(used + chunk.length), used);
      used += chunk.length;
      wake?.();
      return used < ENOUGH_BYTES;
    },
    end,
  };
}
