import { createReadStream } from 'node:fs';
import type { RowsBefore } from '../../site/client-types.ts';
import type { TargetConnection } from './connection.ts';
import { startLoad, type LoadOutcome } from './load.ts';
import type { TablePlan } from './plan.ts';
import { quoteName } from './sql-tokens.ts';

const READ_BYTES = 512 * 1024;

type Key = readonly string[];

/** Brings a table that has the rows of an earlier clone to those of its file of rows. Its key consists of whole numbers. */
export interface Differences {
  /** So many bytes have been written to the file; `before` as in RowBlock, where they were the same rows. */
  wrote(rows: Buffer, before: RowsBefore | undefined): void;
  /** Once the file is whole. */
  apply(): Promise<LoadOutcome & { readonly changed: boolean }>;
}

/**
 * `file`: the path of the file of rows, which is empty still. All that is changed is one transaction that begins now: the server keeps as the
 * time of a change, in seconds, when its transaction began, and a table may only become a file again once that second is over (`markTables`).
 */
export async function startDifferences(
  connection: TargetConnection,
  plan: TablePlan,
  file: string,
): Promise<Differences> {
  const table = quoteName(plan.name);
  await connection.execute('START TRANSACTION WITH CONSISTENT SNAPSHOT');
  let size = 0;
  /** Up to where the table has the right rows, but for what is noted. */
  let reached: Key | null = null;
  /** Between which keys it has others, and which bytes of the file belong there. */
  const others: { readonly after: Key | null; readonly upto: Key | null }[] = [];
  const fresh: { readonly from: number; to: number }[] = [];

  async function load(parts: readonly { readonly from: number; readonly to: number }[]): Promise<LoadOutcome> {
    const open = startLoad(connection, plan.load, plan.name);
    for (const { from, to } of parts) {
      const rows: AsyncIterable<Buffer> = createReadStream(file, {
        start: from,
        end: to - 1,
        highWaterMark: READ_BYTES,
      });
      for await (const chunk of rows) await open.write(chunk);
    }
    return open.end();
  }

  return {
    wrote(rows, before) {
      const from = size;
      size += rows.length;
      // What an earlier clone remembers of its keys may be damaged: then these rows are loaded.
      if (before && isNumbered(before.after ?? []) && isNumbered(before.last ?? []) && before.rows().equals(rows)) {
        if (!isSame(before.after, reached)) others.push({ after: reached, upto: before.after });
        reached = before.last;
        return;
      }
      const last = fresh.at(-1);
      if (last?.to === from) last.to = size;
      else fresh.push({ from, to: size });
    },
    async apply() {
      const outcome = await bring();
      await connection.execute('COMMIT');
      return outcome;
    },
  };

  async function bring(): ReturnType<Differences['apply']> {
    let changed = fresh.length > 0 || reached === null;
    for (const { after, upto } of [...others, { after: reached, upto: null }]) {
      const wanted = [after && `NOT (${upTo(plan, after)})`, upto && upTo(plan, upto)].filter((each) => each !== null);
      const where = wanted.length === 0 ? '' : ` WHERE ${wanted.join(' AND ')}`;
      const sql = where === '' ? `TRUNCATE TABLE ${table}` : `DELETE FROM ${table}${where}`;
      const { affectedRows } = await connection.execute(sql);
      changed ||= affectedRows > 0;
    }
    if (fresh.length === 0) return { skipped: 0, complaints: [], complaintCount: 0, changed };
    const outcome = await load(fresh);
    if (outcome.complaintCount === 0) return { ...outcome, changed };
    // What the server says of rows it says with their numbers in a whole load.
    await connection.execute(`TRUNCATE TABLE ${table}`);
    return { ...(await load([{ from: 0, to: size }])), changed };
  }
}

/** The condition that a row's key is not after that one. */
function upTo({ key }: TablePlan, values: Key): string {
  const [last, ...before] = (key ?? [])
    .map((name, at): [string, string] => [quoteName(name), numberOf(values[at])])
    .toReversed();
  if (last === undefined) throw new Error('a key without columns');
  return before.reduce(
    (rest, [name, value]) => `(${name} < ${value} OR (${name} = ${value} AND ${rest}))`,
    `${last[0]} <= ${last[1]}`,
  );
}

const NUMBER = /^-?\d{1,20}$/;
const textOf = (value: string | undefined): string => Buffer.from(value ?? '', 'base64').toString('latin1');
const isNumbered = (key: Key): boolean => key.every((value) => NUMBER.test(textOf(value)));

/** It becomes a part of a statement. */
function numberOf(value: string | undefined): string {
  const text = textOf(value);
  if (!NUMBER.test(text)) throw new Error('a key that is no number');
  return text;
}

const isSame = (one: Key | null, other: Key | null): boolean => JSON.stringify(one) === JSON.stringify(other);
