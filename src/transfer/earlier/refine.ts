import { WpcloneError } from '../../shared/errors.ts';
import type { DigestRead, SiteClient } from '../../site/client-types.ts';
import { splitRows } from './split.ts';
import type { Room } from './room.ts';
import type { Stretch } from './stretches.ts';

/** A stretch is divided into so many at once: each costs the source a SELECT, and its rows are read once more. */
const PARTS = 32;
/** Half a MiB of short rows comes down to some ten of them. */
const LEVELS = 3;
/** What is smaller in both is fetched: to ask for its parts would take longer. */
const FEW_ROWS = 16;
const FEW_BYTES = 32 * 1024;
/** A part has more than one of these. */
const PART_ROWS = 8;
const PART_BYTES = 4 * 1024;

/** Bytes of a table that are asked for in parts before anybody knows whether that is worth it: where most rows changed it is not. */
const FIRST_BYTES = 8 * 1024 * 1024;
/** So many more for each byte that need not be fetched. */
const PER_SAVED = 4;

/** Finds the places within stretches where something changed. */
export interface Refiner {
  /** What the first so many (`used`) of the stretches come to. */
  refine(stretches: readonly Stretch[]): Promise<{ readonly used: number; readonly stretches: readonly Stretch[] }>;
}

type Parts = ReadonlyMap<Stretch, readonly Stretch[]>;

/** Asks the source for digests of parts of stretches that are others by now, and of parts of those parts. */
export function createRefiner(client: Pick<SiteClient, 'digests'>, memory: Room, signal: AbortSignal): Refiner {
  const asked = new Map<string, number>();
  const saved = new Map<string, number>();
  const room = (name: string): number => FIRST_BYTES + PER_SAVED * (saved.get(name) ?? 0) - (asked.get(name) ?? 0);

  /** The stretches that are divided now, up to where it has to show whether that is worth it. */
  function choose(stretches: readonly Stretch[]) {
    const chosen: Stretch[] = [];
    const before = new Set([...asked].flatMap(([name]) => (room(name) <= 0 ? [name] : [])));
    for (const [at, stretch] of stretches.entries()) {
      const { name } = stretch.read;
      if (!isDivisible(stretch) || before.has(name)) continue;
      if (room(name) <= 0) return { chosen, used: at };
      asked.set(name, (asked.get(name) ?? 0) + stretch.bytes);
      chosen.push(stretch);
    }
    return { chosen, used: stretches.length };
  }

  return {
    async refine(stretches) {
      const { chosen, used } = choose(stretches);
      const parts = await divide(chosen, { client, room: memory, signal }).catch((): Parts => {
        signal.throwIfAborted();
        return new Map();
      });
      for (const part of [...parts.values()].flat())
        if (part.isSame) saved.set(part.read.name, (saved.get(part.read.name) ?? 0) + part.bytes);
      return { used, stretches: stretches.slice(0, used).flatMap((stretch) => parts.get(stretch) ?? [stretch]) };
    },
  };
}

function isDivisible({ held, isSame, bytes }: Stretch): boolean {
  if (held === undefined || isSame || bytes === 0) return false;
  return held.table.isNumbered && (held.rows > FEW_ROWS || (held.rows > 1 && held.to - held.from > FEW_BYTES));
}

interface DivideWork {
  readonly client: Pick<SiteClient, 'digests'>;
  readonly room: Room;
  readonly signal: AbortSignal;
}

async function divide(stretches: readonly Stretch[], work: DivideWork, level = 1): Promise<Parts> {
  const parts = await compareParts(await partsOf(stretches, work.room), work);
  const smaller = level === LEVELS ? [] : [...parts.values()].flat().filter(isDivisible);
  if (smaller.length === 0) return parts;
  const divided = await divide(smaller, work, level + 1);
  return new Map([...parts].map(([whole, list]) => [whole, list.flatMap((part) => divided.get(part) ?? [part])]));
}

/** A part of a stretch, and the digest of the rows that are held of it. */
interface Unsure {
  readonly part: Stretch;
  readonly sha256: string;
}

async function partsOf(stretches: readonly Stretch[], room: Room): Promise<ReadonlyMap<Stretch, readonly Unsure[]>> {
  const divided = new Map<Stretch, readonly Unsure[]>();
  for (const stretch of stretches) {
    const parts = await split(stretch, room);
    if (parts.length > 1) divided.set(stretch, parts);
  }
  return divided;
}

async function split(stretch: Stretch, room: Room): Promise<readonly Unsure[]> {
  const { held, last } = stretch;
  const rows = await held?.table.read(held.range, room);
  if (held === undefined || rows === undefined) return [];
  const size = held.to - held.from;
  const parts = Math.min(PARTS, Math.max(Math.ceil(size / PART_BYTES), Math.ceil(held.rows / PART_ROWS)));
  const count = { rows: held.rows, parts };
  let { after } = stretch;
  let { first } = held;
  return (splitRows(rows.sent.subarray(held.from, held.to), held.table, { after, last }, count) ?? []).map((each) => {
    const of = { ...held, from: held.from + each.from, to: held.from + each.to, first, rows: each.rows };
    first += each.rows;
    const part = { ...stretch, after, last: each.last, held: of, ends: false };
    after = each.last;
    return { part, sha256: each.sha256 };
  });
}

async function compareParts(
  divided: ReadonlyMap<Stretch, readonly Unsure[]>,
  { client, signal }: DivideWork,
): Promise<Parts> {
  const reads = [...divided].map(([{ read, after }, parts]): DigestRead => {
    const bounds = parts.flatMap(({ part }) => (part.last === null ? [] : [part.last]));
    return { ...read, ...(after && { after }), bounds, stop: true };
  });
  const all = [...divided.values()].flat();
  const sure = new Map<Stretch, Stretch>();
  let bytes = 0;
  let isCut = false;
  for await (const answer of reads.length === 0 ? [] : client.digests(reads, signal)) {
    const unsure = all[sure.size];
    if (unsure?.part.read.name !== answer.table) throw incomplete();
    bytes += answer.bytes;
    isCut ||= answer.sha256 === null;
    if (answer.sha256 === null) continue;
    const isSame = !isCut && answer.sha256 === unsure.sha256 && answer.rows === unsure.part.held?.rows;
    sure.set(unsure.part, { ...unsure.part, isSame, bytes });
    [bytes, isCut] = [0, false];
  }
  if (sure.size < all.length) throw incomplete();
  return new Map([...divided].map(([stretch, parts]) => [stretch, parts.flatMap(({ part }) => sure.get(part) ?? [])]));
}

const incomplete = (): WpcloneError => new WpcloneError('SOURCE_FAILED', 'The site did not say all that it was asked.');
