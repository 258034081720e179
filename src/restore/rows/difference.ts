export interface Difference<S> {
  /** Lines of the first only. */
  readonly gone: readonly string[];
  /** What only the second has. */
  readonly come: readonly S[];
}

export type Chunks<T> = AsyncIterable<readonly T[]>;
export type Lines = Chunks<string>;

/** Which of two lines comes first, where both streams have an order that is known; 0 when that cannot be said. */
export type Order = (one: string, other: string) => number;

const UNKNOWN: Order = () => 0;

/** Whether two lines that are met together say the same. */
export type Same = (one: string, other: string) => boolean;

const IDENTICAL: Same = (one, other) => one === other;

/** How the second stream's things are compared with the first's lines. */
export interface Second<S> {
  readonly line: (item: S) => string;
  /** A copy: as it came, it may hold all that was read together with it. */
  readonly copy: (item: S) => S;
}

export const PLAIN: Second<string> = { line: (line) => line, copy: flat };

/** The text without what it was cut out of. */
export function flat(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1');
}

/** How two streams are compared. */
export interface Comparing {
  readonly order?: Order | undefined;
  readonly same?: Same;
  /** Told of each line that is held or held no more, in bytes. */
  readonly room?: (bytes: number) => void;
}

/**
 * Compares two streams as multisets of lines. What is held is what differs, and what is out of step: where both have the same order,
 * that is nothing. Streams come in any order without harm but to memory. What is not out of step and the `same` is held by nobody either.
 */
export async function difference<S>(
  first: Lines,
  second: Chunks<S>,
  of: Second<S>,
  { order = UNKNOWN, same = IDENTICAL, room = () => undefined }: Comparing = {},
): Promise<Difference<S>> {
  const [left, right] = [reader(first), reader(second)];
  const gone = new Map<string, string[]>();
  const come = new Map<string, S[]>();
  await Promise.all([left.fill(), right.fill()]);
  for (;;) {
    const [one, item] = [left.head(), right.head()];
    if (one === undefined && item === undefined) break;
    const other = item === undefined ? undefined : of.line(item);
    if (one !== undefined && other !== undefined && same(one, other)) {
      left.next();
      right.next();
    } else {
      const sign = one === undefined ? 1 : other === undefined ? -1 : order(one, other);
      if (one !== undefined && sign <= 0) {
        if (cancel(one, come)) room(-one.length);
        else keep(flat(one), flat(one), gone, room);
        left.next();
      }
      if (item !== undefined && other !== undefined && sign >= 0) {
        if (cancel(other, gone)) room(-other.length);
        else keep(flat(other), of.copy(item), come, room);
        right.next();
      }
    }
    if (left.isEmpty()) await left.fill();
    if (right.isEmpty()) await right.fill();
  }
  return { gone: [...gone.values()].flat(), come: [...come.values()].flat() };
}

/** Takes away one of the other side's that is the same. */
function cancel<T>(line: string, other: Map<string, T[]>): boolean {
  const same = other.get(line);
  if (same === undefined) return false;
  same.pop();
  if (same.length === 0) other.delete(line);
  return true;
}

function keep<T>(line: string, item: T, own: Map<string, T[]>, room: (bytes: number) => void): void {
  room(line.length);
  const same = own.get(line);
  if (same) same.push(item);
  else own.set(line, [item]);
}

function reader<T>(chunks: Chunks<T>) {
  const iterator = chunks[Symbol.asyncIterator]();
  let chunk: readonly T[] = [];
  let at = 0;
  let over = false;
  return {
    head: (): T | undefined => chunk[at],
    next: (): void => void (at += 1),
    isEmpty: (): boolean => at >= chunk.length && !over,
    fill: async (): Promise<void> => {
      while (at >= chunk.length && !over) {
        const { value, done } = await iterator.next();
        over = done === true;
        chunk = over ? [] : value;
        at = 0;
      }
    },
  };
}
