import { createHash } from 'node:crypto';
import type { Seals, StagePart } from '../../site/write/client.ts';
import type { Cell, FileChange, RestoreChanges } from '../changes.ts';
import type { Staged, StagedRow } from './staged.ts';

/** Bytes of a part's JSON, about: a row that is larger has a part of its own. */
const PART_BYTES = 700_000;

const bytes = (cell: Cell): Buffer | null => (cell === null ? null : Buffer.from(cell, 'latin1'));
const wire = (cell: Cell): string | null => bytes(cell)?.toString('base64') ?? null;
const text = (words: string): string => Buffer.from(words, 'utf8').toString('base64');

/** A part, and how many rows are in it. */
export interface CountedPart {
  readonly part: StagePart;
  readonly rows: number;
}

/** The parts of a stage, one after another. Rows are numbered through all tables, from 1 on, and so are files. */
export function* stageParts(
  { rows }: Staged,
  { items, files }: Pick<RestoreChanges, 'items' | 'files'>,
  partBytes = PART_BYTES,
): Generator<CountedPart> {
  const named = items.map(({ id, title }, at) => [at, text(id), text(title)]);
  let part = 1;
  for (const chunk of chunks(named, (item) => JSON.stringify(item).length, partBytes))
    yield partOf(part++, { items: chunk, rows: [], files: [] });
  const numbered = rows.map((row, at): [StagedRow, number] => [row, at + 1]);
  for (const chunk of chunks(numbered, ([row]) => sizeOf(row), partBytes))
    yield partOf(part++, { items: [], rows: chunk.map(([row, number]) => wireRow(row, number)), files: [] });
  const listed = files.map((file, at) => [at + 1, file.item, text(file.path), file.before, file.after, file.size]);
  for (const chunk of chunks(listed, (file) => JSON.stringify(file).length, partBytes))
    yield partOf(part++, { items: [], rows: [], files: chunk });
}

const wireRow = (row: StagedRow, number: number): unknown[] => [
  row.batch,
  number,
  row.item,
  row.from,
  row.to,
  row.before.map(wire),
  row.after.map(wire),
];

function partOf(
  part: number,
  of: { readonly items: unknown[]; readonly rows: unknown[]; readonly files: unknown[] },
): CountedPart {
  const content = JSON.stringify(of);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { part: { part, sha256, content }, rows: of.rows.length };
}

const sizeOf = ({ before, after }: StagedRow): number =>
  [...before, ...after].reduce((sum, cell) => sum + Math.ceil(((cell?.length ?? 0) * 4) / 3) + 8, 64);

function* chunks<T>(all: readonly T[], size: (one: T) => number, most: number): Generator<T[]> {
  let chunk: T[] = [];
  let held = 0;
  for (const one of all) {
    const more = size(one);
    if (chunk.length > 0 && held + more > most) {
      yield chunk;
      [chunk, held] = [[], 0];
    }
    chunk.push(one);
    held += more;
  }
  if (chunk.length > 0) yield chunk;
}

/** What the site finds when it reads back what is staged. */
export function sealsOf({ shape, rows }: Staged, files: readonly FileChange[]): Seals {
  const batches = shape.tables.flatMap(({ batches: of }) => of);
  const hashes = batches.map(() => createHash('sha256'));
  const counts = batches.map(() => 0);
  rows.forEach((row, at) => {
    counts[row.batch] = (counts[row.batch] ?? 0) + 1;
    const hash = hashes[row.batch];
    for (const number of [at + 1, row.item, row.from, row.to]) hash?.update(counted(Buffer.from(String(number))));
    for (const cell of [...row.before, ...row.after]) hash?.update(counted(bytes(cell)));
  });
  return { counts, digests: hashes.map((hash) => hash.digest('hex')), files: listDigest(files) };
}

function listDigest(files: readonly FileChange[]): string {
  const hash = createHash('sha256');
  files.forEach(({ item, path, before, after, size }, at) => {
    for (const cell of [String(at + 1), String(item), path, before, after, String(size)])
      hash.update(counted(cell === null ? null : Buffer.from(cell, 'utf8')));
  });
  return hash.digest('hex');
}

const counted = (cell: Buffer | null): Buffer =>
  cell === null ? Buffer.from('-') : Buffer.concat([Buffer.from(`${cell.length}:`), cell]);
