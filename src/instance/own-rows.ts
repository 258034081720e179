import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { z } from 'zod';
import type { InstancePaths } from './types.ts';
import { writeWhole } from '../shared/whole-file.ts';

/**
 * Rows that wpclone put into the clone's database. They are no part of the copy: a reset puts them back, and whoever compares
 * the clone with its baseline leaves them out.
 */
const ownRowSchema = z.object({
  table: z.string(),
  values: z.record(z.string(), z.union([z.string(), z.number()])),
});
const ownRowsSchema = z.object({ version: z.literal(1), rows: z.array(ownRowSchema) });
export type OwnRow = z.infer<typeof ownRowSchema>;

const fileOf = (paths: InstancePaths): string => join(paths.baseline, 'own-rows.json');

/** Keeps the rows beside the baseline, for the next reset. */
export async function saveOwnRows(paths: InstancePaths, rows: readonly OwnRow[]): Promise<void> {
  await writeWhole(fileOf(paths), JSON.stringify({ version: 1, rows }), 0o600);
}

/** The rows that configure put there; none when it has not yet. */
export async function loadOwnRows(paths: InstancePaths): Promise<readonly OwnRow[]> {
  const text = await readFile(fileOf(paths), 'utf8').catch(() => undefined);
  return text === undefined ? [] : ownRowsSchema.parse(JSON.parse(text)).rows;
}

/** Adds the rows. */
export const insertOwnRows = (connection: Connection, rows: readonly OwnRow[]): Promise<void> =>
  writePastTriggers(connection, rows, 'INSERT');

/** Puts the rows back as they were, whatever is there now. */
export const putBackOwnRows = (connection: Connection, rows: readonly OwnRow[]): Promise<void> =>
  writePastTriggers(connection, rows, 'REPLACE');

/**
 * A trigger of the site may refuse new users, or do for them what is not possible here; it is none of the clone's. It is taken away for the moment
 * where it does so, and put back as it was.
 */
async function writePastTriggers(
  connection: Connection,
  rows: readonly OwnRow[],
  verb: 'INSERT' | 'REPLACE',
): Promise<void> {
  const write = async (how: string): Promise<void> => {
    await connection.beginTransaction();
    for (const row of rows) await connection.query(`${how} INTO ?? SET ?`, [row.table, row.values]);
    await connection.commit();
  };
  const refused = await write(verb).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  if (refused === undefined) return;
  await connection.rollback();
  const triggers = await triggersOf(connection, new Set(rows.map(({ table }) => table)));
  if (triggers.length === 0) throw refused.error;
  for (const { name } of triggers) await connection.query('DROP TRIGGER ??', [name]);
  try {
    // A table without transactions keeps what the first attempt wrote.
    await write('REPLACE');
  } finally {
    const [[before]] = await connection.query<RowDataPacket[]>('SELECT @@sql_mode AS mode');
    for (const { mode, statement } of triggers) {
      await connection.query('SET SESSION sql_mode = ?', [mode]);
      await connection.query(statement);
    }
    await connection.query('SET SESSION sql_mode = ?', [before?.['mode']]);
  }
}

const triggerSchema = z.object({ name: z.string(), mode: z.string(), statement: z.string() });

async function triggersOf(connection: Connection, tables: ReadonlySet<string>) {
  const [rows] = await connection.query<RowDataPacket[]>(
    `SELECT TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_TABLE IN (?)
     ORDER BY ACTION_ORDER`,
    [[...tables]],
  );
  const found = [];
  for (const { name } of rows) {
    const [[made]] = await connection.query<RowDataPacket[]>('SHOW CREATE TRIGGER ??', [name]);
    found.push(triggerSchema.parse({ name, mode: made?.['sql_mode'], statement: made?.['SQL Original Statement'] }));
  }
  return found;
}
