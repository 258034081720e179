/** Gives a buffer of at least that many bytes. */
export type Allocate = (length: number) => Buffer;

const fresh: Allocate = (length) => Buffer.allocUnsafeSlow(length);

/** Buffers that wait to be used again. */
export interface Pool {
  readonly take: Allocate;
  /** The buffer must not be in use any more. */
  readonly give: (buffer: Buffer) => void;
}

/** What is larger, or more, is left to the garbage collector. */
const LARGEST_BYTES = 2 << 20;
const MOST_BUFFERS = 12;
/** Sizes are multiples of it: those that are asked for differ by a row, and what is a little too small would never be used again. */
const STEP_BYTES = 256 << 10;

const rounded: Allocate = (length) => fresh(Math.ceil(length / STEP_BYTES) * STEP_BYTES);

/** Memory that comes and goes by the megabyte would be freed long after it could be. */
export function createPool(): Pool {
  const free: Buffer[] = [];
  return {
    take: (length) => {
      const at = free.findIndex((buffer) => buffer.length >= length);
      return (at === -1 ? undefined : free.splice(at, 1)[0]) ?? rounded(length);
    },
    give: (buffer) => {
      if (buffer.length > 0 && buffer.length <= LARGEST_BYTES && free.length < MOST_BUFFERS) free.push(buffer);
    },
  };
}

/** For one who has no others to share with. */
const alone: Pool = { take: rounded, give: () => undefined };

/** Gives the same buffer again and again, for what is done with before the next is asked for. */
export interface Reusing {
  readonly allocate: Allocate;
  /** Gives the buffer back to the pool. */
  readonly end: () => void;
}

/** One buffer at a time, at least as large as the largest that was asked for; given back to `pool` when a larger one is needed. */
export function reusing(pool = alone): Reusing {
  let room: Buffer = Buffer.alloc(0);
  const end = (): void => {
    pool.give(room);
    room = Buffer.alloc(0);
  };
  return {
    allocate: (length) => {
      if (room.length < length) {
        end();
        room = pool.take(length);
      }
      return room;
    },
    end,
  };
}
