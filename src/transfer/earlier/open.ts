/**
 * An earlier clone of the same source, as what its rows were read from. The source says by digests which of them it still has, and no row
 * is used whose digest is another: whatever became of the files of that clone meanwhile, all it can cost is time.
 */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { SiteInfo } from '../../site/info.ts';
import { readSchema, rowFilePath } from '../baseline/database.ts';
import { goBack } from '../origin/back.ts';
import { readDatabaseOrigin } from '../origin/database.ts';
import { originPath } from '../origin/folder.ts';
import { readRanges } from '../origin/ranges.ts';
import type { OriginRange } from '../origin/schema.ts';

/** A range is held whole; one that takes more, in whatever form, is fetched again. */
const MOST_BYTES = 4 * 1024 * 1024;

export interface EarlierTable {
  readonly columns: readonly string[];
  readonly key: readonly string[] | null;
  /** The source's key consists of whole numbers. */
  readonly isNumbered: boolean;
  /** In key order. */
  readonly ranges: readonly OriginRange[];
  /** Whether there is any hope of `read`. */
  isHeld(range: OriginRange): boolean;
  /** The rows as the source sent them, when they have the digest of the range. */
  read(range: OriginRange): Promise<Buffer | undefined>;
}

/** Tables by name. */
export type Earlier = ReadonlyMap<string, EarlierTable>;

/** What the first of the baselines remembers that remembers something of use; undefined when none does. */
export async function openEarlier(
  baselines: readonly string[],
  info: Pick<SiteInfo, 'rowFormat' | 'tables'>,
): Promise<Earlier | undefined> {
  for (const baseline of baselines) {
    // Gone by now, of an older wpclone, or damaged: there is nothing to be had from it.
    const earlier = await openBaseline(baseline, info).catch(() => undefined);
    if (earlier !== undefined && earlier.size > 0) return earlier;
  }
  return undefined;
}

async function openBaseline(
  baseline: string,
  info: Pick<SiteInfo, 'rowFormat' | 'tables'>,
): Promise<Earlier | undefined> {
  const origin = await readDatabaseOrigin(baseline);
  if (origin?.rowFormat !== info.rowFormat) return undefined;
  const files = new Map((await readSchema(baseline)).tables.map(({ name, file }) => [name, file]));
  const found = origin.tables.map(() => new Map<OriginRange, number>());
  const ends = origin.tables.map((): number | undefined => 0);
  for await (const range of readRanges(baseline)) {
    const offset = ends[range.t];
    // Without the size of each range before it nobody knows where one is.
    ends[range.t] = offset === undefined || range.made === undefined ? undefined : offset + range.made;
    if (offset !== undefined) found[range.t]?.set(range, offset);
  }
  const tables = new Map<string, EarlierTable>();
  const last: Last = {};
  for (const [number, { name, columns, key, copied }] of origin.tables.entries()) {
    const offsets = found[number];
    const file = files.get(name);
    if (copied !== 'rows' || ends[number] === undefined || offsets === undefined || file === undefined) continue;
    const ranges = [...offsets.keys()];
    if (!isList(ranges, key)) continue;
    const rows = file === null ? undefined : rowFilePath(baseline, file);
    const isNumbered = isNumber(info, name, key);
    tables.set(name, { columns, key, isNumbered, ranges, ...reading(baseline, rows, offsets, last) });
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

/** What was read last: parts of one range are asked for one after another. */
interface Last {
  range?: OriginRange;
  data?: Buffer;
}

function reading(
  baseline: string,
  rows: string | undefined,
  offsets: ReadonlyMap<OriginRange, number>,
  last: Last,
): Pick<EarlierTable, 'isHeld' | 'read'> {
  const isHeld = ({ bytes, made = 0, back }: OriginRange): boolean =>
    back !== null && Math.max(bytes, made, back?.[1] ?? 0) <= MOST_BYTES;
  const read = async (range: OriginRange): Promise<Buffer | undefined> => {
    if (last.range === range) return last.data;
    const offset = offsets.get(range);
    if (rows === undefined || offset === undefined || !isHeld(range)) return undefined;
    const made = await readPart(rows, offset, range.made ?? 0);
    const way = range.back && (await readPart(originPath(baseline, 'back.jsonl'), ...range.back));
    const source = way ? goBack(made, way.toString(), range.bytes) : made;
    const isSame = source !== undefined && createHash('sha256').update(source).digest('hex') === range.sha256;
    if (!isSame) return undefined;
    Object.assign(last, { range, data: source });
    return source;
  };
  return { isHeld, read: (range) => read(range).catch(() => undefined) };
}

async function readPart(path: string, offset: number, size: number): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(size), 0, size, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
