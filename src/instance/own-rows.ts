import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
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

/** Puts the rows back as they were, whatever is there now. */
export async function putBackOwnRows(connection: Connection, rows: readonly OwnRow[]): Promise<void> {
  for (const row of rows) await connection.query('REPLACE INTO ?? SET ?', [row.table, row.values]);
}
