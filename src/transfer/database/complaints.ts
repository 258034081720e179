import { createReadStream } from 'node:fs';
import { escapedName } from '../warnings.ts';
import { unescapeField } from '../rewrite/rows.ts';
import type { Complaint, LoadOutcome } from './load.ts';
import type { TablePlan } from './plan.ts';

/** A second row with a key that is there. */
const DUPLICATE = 1062;
/** A value that is none of its column's. */
const TRUNCATED = 1265;
const SHOWN = 5;
const LF = 10;

/**
 * What the server did not take as it was, in words: how many, and of the first ones the row's key, the column and the server's reason.
 * Undefined when there is nothing to tell. `file` holds the rows of this load from row `first` on (the first is 0). Of rows that
 * arrived during the transfer some are doubles as a matter of course: what was deleted and made again has a new number but the same name.
 */
export async function describeComplaints(
  plan: Pick<TablePlan, 'columns' | 'key'>,
  { skipped, complaintCount, complaints }: LoadOutcome,
  rows: { readonly file: string; readonly first: number },
  mode: 'new' | 'append',
): Promise<string | undefined> {
  const expected = mode === 'append' ? skipped : 0;
  const count = complaintCount - expected;
  if (count <= 0) return undefined;
  const told = complaints.filter(({ code }) => expected === 0 || code !== DUPLICATE).slice(0, SHOWN);
  const numbers = told.map(rowOf);
  const found = await rowsAt(rows.file, new Set(numbers.filter(Boolean).map((number) => rows.first + number - 1)));
  const texts = told.map(({ message }, index) => {
    const key = keyOf(plan, found.get(rows.first + (numbers[index] ?? 0) - 1));
    return (key === '' ? '' : `${key}: `) + escapedName(message);
  });
  const lost = skipped - expected;
  const what = lost > 0 ? `${lost} rows were left out` : `${count} values could not be kept as they were`;
  return `${what} (${texts.join('; ')}${count > told.length ? '; …' : ''}).`;
}

/**
 * Without what a server complains of although it takes it as it is: an ENUM's empty value, which none of its list is (MariaDB manual, "ENUM").
 * Columns and file as in `describeComplaints`.
 */
export async function withoutEmptyEnums<T extends LoadOutcome>(
  outcome: T,
  columns: readonly { readonly name: string; readonly type: string }[],
  rows: { readonly file: string; readonly first: number },
): Promise<T> {
  const enums = columns.flatMap(({ name, type }, at) => (isEnum(type) && !lists(type, '') ? [{ name, at }] : []));
  const named = ({ code, message }: Complaint): string | undefined =>
    code === TRUNCATED ? /'([^']*)' at row \d+$/.exec(message)?.[1] : undefined;
  if (!outcome.complaints.some((complaint) => enums.some(({ name }) => name === named(complaint)))) return outcome;
  const told = new Set(outcome.complaints.filter((complaint) => named(complaint) !== undefined).map(rowOf));
  const empty = new Set<string>();
  let count = 0;
  let number = -rows.first;
  for await (const row of linesOf(rows.file)) {
    number += 1;
    const fields = number > 0 ? row.split('\t') : [];
    for (const { name } of enums.filter(({ at }) => fields[at] === '')) {
      count += 1;
      if (told.has(number)) empty.add(`${name} ${number}`);
    }
  }
  return {
    ...outcome,
    complaintCount: outcome.complaintCount - count,
    complaints: outcome.complaints.filter((complaint) => !empty.has(`${named(complaint)} ${rowOf(complaint)}`)),
  };
}

/** The number of the row that it is about, from 1; 0 when it says none. */
const rowOf = ({ message }: Complaint): number => Number(/ at row (\d+)$/.exec(message)?.[1] ?? 0);

const isEnum = (type: string): boolean => /^enum\b/i.test(type);

/** Whether the list of a type `enum('a','it''s')` has the value. */
const lists = (type: string, value: string): boolean =>
  [...type.matchAll(/'((?:[^']|'')*)'/g)].some((match) => match[1]?.replaceAll("''", "'") === value);

/** `id=5`, or nothing for a table without a key. */
function keyOf({ columns, key }: Pick<TablePlan, 'columns' | 'key'>, row: string | undefined): string {
  if (row === undefined || key === null) return '';
  const fields = row.split('\t');
  return key
    .map((name) => `${escapedName(name)}=${escapedName(unescapeField(fields[columns.indexOf(name)] ?? ''))}`)
    .join(', ');
}

/** Some rows of a file, by their number. A line feed in a value is escaped, so each one ends a row. */
async function rowsAt(file: string, wanted: ReadonlySet<number>): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  if (wanted.size === 0) return found;
  let number = 0;
  let parts: string[] = [];
  const chunks: AsyncIterable<Buffer> = createReadStream(file);
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      if (wanted.has(number)) found.set(number, parts.join('') + chunk.toString('latin1', start, end));
      parts = [];
      start = end + 1;
      number += 1;
    }
    if (found.size === wanted.size) break;
    if (wanted.has(number)) parts.push(chunk.toString('latin1', start));
  }
  return found;
}

/** Its rows, without their LF, one byte per character. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let begun = '';
  const chunks: AsyncIterable<string> = createReadStream(file, { encoding: 'latin1' });
  for await (const chunk of chunks) {
    const lines = (begun + chunk).split('\n');
    begun = lines.pop() ?? '';
    yield* lines;
  }
}
