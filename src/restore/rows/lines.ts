import { createReadStream } from 'node:fs';
import type { Row, Value } from '../merge/types.ts';
import { rowFilePath, type BaselineTable } from '../../transfer/baseline/database.ts';
import { unescapeField } from '../../transfer/rewrite/rows.ts';
import type { Lines } from './difference.ts';

const READ_BYTES = 256 * 1024;

/** Columns that a table got since. They stand behind those that it had, and rows of before have there what adding them leaves. */
export interface Extension {
  /** What the live site is asked for: it may have some of them already. */
  readonly there: readonly string[];
  /** What is put behind lines of the baseline, and of the live site. */
  readonly base: string;
  readonly live: string;
}

/** A table as it is compared. */
export interface ComparedTable extends BaselineTable {
  readonly extension?: Extension;
}

/** The rows of a table as the clone was made with them, in the order in which the source sent them. */
export async function* baseLines(
  baseline: string,
  { file, extension }: Pick<ComparedTable, 'file' | 'extension'>,
): AsyncGenerator<readonly string[]> {
  if (file === null) return;
  const input = createReadStream(rowFilePath(baseline, file), { encoding: 'latin1', highWaterMark: READ_BYTES });
  if (extension === undefined) yield* linesOf(input);
  else for await (const lines of linesOf(input)) yield lines.map((line) => line + extension.base);
}

/** Cuts text into lines; a line break inside of a value is written with a letter. */
export async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  let rest = '';
  for await (const text of texts) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) yield lines;
  }
  if (rest !== '') yield [rest];
}

/** Lines `from` up to before `end`. */
export async function* slice(lines: Lines, from: number, end: number): AsyncGenerator<readonly string[]> {
  let at = 0;
  for await (const chunk of lines) {
    const part = chunk.slice(Math.max(0, from - at), Math.max(0, end - at));
    at += chunk.length;
    if (part.length > 0) yield part;
    if (at >= end) return;
  }
}

const NULL_FIELD = String.raw`\N`;

/** The values of a line. */
export const rowOf = (line: string): Row =>
  line.split('\t').map((field): Value => (field === NULL_FIELD ? null : unescapeField(field)));
