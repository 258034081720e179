/**
 * An earlier clone of the same source, as what its rows were read from. The source says by digests which of them it still has, and no row
 * is used whose digest is another: whatever became of the files of that clone meanwhile, all it can cost is time. What was made of a row is
 * only used where it is signed with a key that the clone's code cannot read.
 */
import { hash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { RemadeRows } from '../../site/client-types.ts';
import type { SiteInfo } from '../../site/info.ts';
import { readSchema, rowFilePath, type BaselineSchema } from '../baseline/database.ts';
import type { TablePlan } from '../database/plan.ts';
import { digestAgain } from '../origin/again.ts';
import { goBack } from '../origin/back.ts';
import { readDatabaseOrigin } from '../origin/database.ts';
import { originPath } from '../origin/folder.ts';
import { readRanges } from '../origin/ranges.ts';
import type { DatabaseOrigin, OriginRange } from '../origin/schema.ts';
import type { EarlierClone } from '../types.ts';
import type { RangeRows, Room } from './room.ts';

/** A range is held whole; one that takes more, in whatever form, is fetched again. */
const MOST_BYTES = 4 * 1024 * 1024;

export interface EarlierTable {
  readonly columns: readonly string[];
  readonly key: readonly string[] | null;
  /** The source's key consists of whole numbers. */
  readonly isNumbered: boolean;
  /** By which its rows were rewritten, see `rulesOf`; undefined when more decided it. */
  readonly rules: string | undefined;
  /** In key order. */
  readonly ranges: readonly OriginRange[];
  /** Whether there is any hope of `read`. */
  isHeld(range: OriginRange): boolean;
  /** The rows, when they have the digest of the range. */
  read(range: OriginRange, room: Room): Promise<RangeRows | undefined>;
  /** What became of them, when all of it is as it was: what the same rules would make of them again. May be changed in its memory. */
  remade(range: OriginRange, room: Room): Promise<RemadeRows | undefined>;
}

/** Tables by name. */
export type Earlier = ReadonlyMap<string, EarlierTable>;

export interface OpenedEarlier {
  readonly tables: Earlier;
  /** How they were made, by name; those whose files there may be. */
  readonly made: ReadonlyMap<string, MadeTable>;
  /** The addresses in its rows: see `UrlMapping.to`. */
  readonly to: readonly string[];
  /** Where the server's own files of its tables are, which hold the addresses of the new clone. */
  readonly files: string | undefined;
  /** Whether it is still the one that lies there: what another clone left may have taken its place meanwhile. */
  isStill(): Promise<boolean>;
}

/** A table as it was made in the earlier clone. */
export interface MadeTable {
  readonly plan: TablePlan;
  /** Digest of the source's definition. */
  readonly definition: string;
  /** The server took all rows as they were. */
  readonly isWhole: boolean;
}

/**
 * What the first of the clones remembers that remembers something of use; one that leaves its tables as files, and whose address was `to`,
 * comes before others. Undefined when none does.
 */
export async function openEarlier(
  clones: readonly EarlierClone[],
  info: Pick<SiteInfo, 'rowFormat' | 'tables'>,
  to: readonly string[],
  key: Buffer | undefined,
): Promise<OpenedEarlier | undefined> {
  let best: OpenedEarlier | undefined;
  for (const clone of clones) {
    if (best !== undefined && clone.tables === undefined) continue;
    // Gone by now, of an older wpclone, or damaged: there is nothing to be had from it.
    const opened = await openClone(clone, info, to, key).catch(() => undefined);
    if (opened?.files !== undefined) return opened;
    best ??= opened;
  }
  return best;
}

async function openClone(
  { baseline, tables: files }: EarlierClone,
  info: Pick<SiteInfo, 'rowFormat' | 'tables'>,
  to: readonly string[],
  key: Buffer | undefined,
): Promise<OpenedEarlier | undefined> {
  const origin = await readDatabaseOrigin(baseline);
  if (origin?.rowFormat !== info.rowFormat) return undefined;
  const schema = await readSchema(baseline);
  const tables = await openTables(baseline, origin, schema, info, key);
  if (tables.size === 0) return undefined;
  const plans = new Map(schema.tables.map((table) => [table.name, table]));
  const made = origin.tables.flatMap(({ name, definition, refused }): [string, MadeTable][] => {
    const plan = plans.get(name);
    const isWhole = refused.rows === 0 && refused.complaints === 0;
    return plan && tables.has(name) ? [[name, { plan, definition, isWhole }]] : [];
  });
  const isHere = JSON.stringify(origin.rewriter.mapping.to) === JSON.stringify(to);
  return {
    tables,
    made: new Map(made),
    to: origin.rewriter.mapping.to,
    files: isHere ? files : undefined,
    isStill: async () => isDeepStrictEqual(await readDatabaseOrigin(baseline).catch(() => undefined), origin),
  };
}

async function openTables(
  baseline: string,
  origin: DatabaseOrigin,
  schema: BaselineSchema,
  info: Pick<SiteInfo, 'tables'>,
  againKey: Buffer | undefined,
): Promise<Earlier> {
  const files = new Map(schema.tables.map(({ name, file }) => [name, file]));
  const found = origin.tables.map(() => new Map<OriginRange, number>());
  const ends = origin.tables.map((): number | undefined => 0);
  for await (const range of readRanges(baseline)) {
    const offset = ends[range.t];
    // Without the size of each range before it nobody knows where one is.
    ends[range.t] = offset === undefined || range.made === undefined ? undefined : offset + range.made;
    if (offset !== undefined) found[range.t]?.set(range, offset);
  }
  const tables = new Map<string, EarlierTable>();
  for (const [number, { name, columns, key, copied, rules }] of origin.tables.entries()) {
    const offsets = found[number];
    const file = files.get(name);
    if (copied !== 'rows' || ends[number] === undefined || offsets === undefined || file === undefined) continue;
    const ranges = [...offsets.keys()];
    if (!isList(ranges, key)) continue;
    const rows = file === null ? undefined : rowFilePath(baseline, file);
    const isNumbered = isNumber(info, name, key);
    const signed = againKey && rules !== undefined ? { key: againKey, rules } : undefined;
    tables.set(name, { columns, key, isNumbered, rules, ranges, ...reading(baseline, rows, offsets, signed) });
  }
  return tables;
}

/** Whether each range has an end, or there is one for all of a table without a key. */
const isList = (ranges: readonly OriginRange[], key: readonly string[] | null): boolean =>
  key === null ? ranges.length <= 1 : ranges.every(({ last }) => last?.length === key.length);

function isNumber({ tables }: Pick<SiteInfo, 'tables'>, name: string, key: readonly string[] | null): boolean {
  const columns = tables.find((table) => table.name === name)?.columns;
  const types = key?.map((part) => columns?.find((each) => each.name === part)?.type ?? '') ?? [''];
  return types.every((type) => /^(tiny|small|medium|big)?int\b/i.test(type));
}

function reading(
  baseline: string,
  rows: string | undefined,
  offsets: ReadonlyMap<OriginRange, number>,
  signed: { readonly key: Buffer; readonly rules: string } | undefined,
): Pick<EarlierTable, 'isHeld' | 'read' | 'remade'> {
  const isHeld = ({ bytes, made = 0, back }: OriginRange): boolean =>
    back !== null && Math.max(bytes, made, back?.[1] ?? 0) <= MOST_BYTES;
  /** As they are in the clone, and how they come back. */
  async function readMade(range: OriginRange, room: Room) {
    const offset = offsets.get(range);
    if (rows === undefined || offset === undefined || !isHeld(range)) return undefined;
    room.last = undefined;
    const made = await room.read(rows, offset, range.made ?? 0, 'made');
    const way = range.back && (await room.read(originPath(baseline, 'back.jsonl'), ...range.back, 'way'));
    return { made, way: way?.toString() };
  }
  const read = async (range: OriginRange, room: Room): Promise<RangeRows | undefined> => {
    if (room.last?.range === range) return room.last.data;
    const found = await readMade(range, room);
    if (found === undefined) return undefined;
    const { made, way } = found;
    const sent = way === undefined ? made : goBack(made, way, range.bytes, room.sent);
    if (sent === undefined || hash('sha256', sent) !== range.sha256) return undefined;
    const data = { sent, made };
    room.last = { range, data };
    return data;
  };
  const remade = async (range: OriginRange, room: Room): Promise<RemadeRows | undefined> => {
    const [urls, digest] = range.again ?? [];
    const found = urls === undefined || !signed ? undefined : await readMade(range, room);
    if (urls === undefined || !signed || found === undefined) return undefined;
    const { made, way } = found;
    // A line of ways has an end that is no part of it.
    const back = way?.replace(/\n$/, '');
    const sha256 = hash('sha256', made);
    if (digestAgain(signed.key, signed.rules, range, { sha256, urls, back }) !== digest) return undefined;
    return { rows: made, sha256, bytes: range.bytes, back, urls };
  };
  return {
    isHeld,
    read: (range, room) => read(range, room).catch(() => undefined),
    remade: (range, room) => remade(range, room).catch(() => undefined),
  };
}
