import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { databaseFolder, readSchema, type BaselineTable } from '../baseline/database.ts';
import { quoteName } from '../database/sql-tokens.ts';
import { unescapeField } from '../rewrite/rows.ts';
import { fieldExpression, rowText } from './row-text.ts';
import type { Noise } from './schema.ts';

/** Bytes of a table's rows up to which each row is looked at; of a larger one it is only said that it changed. */
const SMALL_BYTES = 8 * 1024 * 1024;
/** Rows that are named per table, and characters of a value that names one. */
const NAMED = 1000;
const NAME_CHARACTERS = 200;

type Table = Noise['tables'][number];
type Row = NonNullable<Table['rows']>[number];

/** Which tables changed since a moment, in seconds since the epoch by the server's clock. */
export async function changedTables(connection: Connection, since: number): Promise<string[]> {
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND UNIX_TIMESTAMP(UPDATE_TIME) >= ? ORDER BY 1',
    [since],
  );
  return rows.map((row) => String(row['name']));
}

/**
 * Compares the rows of tables with the baseline. `isOwn` tells rows of our own, by the values of their columns.
 * Tables in which nothing but those differs are not named.
 */
export async function compareWithBaseline(
  connection: Connection,
  baseline: string,
  names: readonly string[],
  isOwn: (table: string, value: (column: string) => string | undefined) => boolean,
): Promise<Table[]> {
  const schema = await readSchema(baseline);
  const tables: Table[] = [];
  for (const name of names) {
    const table = schema.tables.find((each) => each.name === name);
    if (!table) continue;
    if (table.key === null || table.bytes > SMALL_BYTES) tables.push({ name, rows: null, more: 0 });
    else {
      const rows = differences(table, await keptRows(baseline, table), await presentRows(connection, table), (fields) =>
        isOwn(name, (column) => valueOf(table, fields, column)),
      );
      if (rows.length > 0) tables.push({ name, rows: rows.slice(0, NAMED), more: Math.max(0, rows.length - NAMED) });
    }
  }
  return tables;
}

async function keptRows(baseline: string, { file }: BaselineTable): Promise<string[]> {
  const text = file === null ? '' : await readFile(join(databaseFolder(baseline), file), 'latin1');
  // A line break inside of a value is written with a letter.
  return text === '' ? [] : text.slice(0, -1).split('\n');
}

async function presentRows(connection: Connection, { name, columns }: BaselineTable): Promise<string[]> {
  // Stored bytes, as the migrator reads them.
  await connection.query("SET SESSION character_set_results = NULL, time_zone = '+00:00'");
  const [types] = await connection.query<RowDataPacket[]>(
    'SELECT COLUMN_NAME AS name, LOWER(COLUMN_TYPE) AS type FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?',
    [name],
  );
  const typeOf = new Map(types.map((row) => [String(row['name']), String(row['type'])]));
  const fields = columns.map((column) => fieldExpression({ name: column, type: typeOf.get(column) ?? '' }));
  const [rows] = await connection.query<RowDataPacket[]>({
    sql: `SELECT ${fields.join(', ')} FROM ${quoteName(name)}`,
    rowsAsArray: true,
    typeCast: (field: { buffer(): Buffer | null }) => field.buffer(),
  });
  return rows.map((row) => rowText(columns.map((_, at) => bytesOf(row[at]))));
}

const bytesOf = (value: unknown): Buffer | null => (Buffer.isBuffer(value) ? value : null);

function differences(
  table: BaselineTable,
  before: readonly string[],
  now: readonly string[],
  isOwn: (fields: readonly string[]) => boolean,
): Row[] {
  const kept = new Set(before);
  const present = new Set(now);
  const gone = byKey(
    table,
    before.filter((row) => !present.has(row)),
  );
  const come = byKey(
    table,
    now.filter((row) => !kept.has(row)),
  );
  const rows: Row[] = [];
  const note = (change: Row['change'], fields: readonly string[]): void => {
    if (!isOwn(fields)) rows.push({ change, ...nameOf(table, fields) });
  };
  for (const [key, fields] of come) note(gone.has(key) ? 'changed' : 'added', fields);
  for (const [key, fields] of gone) if (!come.has(key)) note('removed', fields);
  return rows;
}

function byKey(table: BaselineTable, rows: readonly string[]): Map<string, readonly string[]> {
  return new Map(
    rows.map((row) => {
      const fields = row.split('\t');
      return [keyOf(table, fields).join('\t'), fields];
    }),
  );
}

const keyOf = (table: BaselineTable, fields: readonly string[]): string[] =>
  (table.key ?? []).map((column) => fields[table.columns.indexOf(column)] ?? '');

/** The value of a column, as text; undefined when the table has no such column. */
function valueOf(table: BaselineTable, fields: readonly string[], column: string): string | undefined {
  const field = fields[table.columns.indexOf(column)];
  return field === undefined ? undefined : readable(field);
}

const readable = (field: string): string => Buffer.from(unescapeField(field), 'latin1').toString('utf8');

function nameOf(table: BaselineTable, fields: readonly string[]): Pick<Row, 'key' | 'label'> {
  const label = valueOf(table, fields, 'option_name') ?? valueOf(table, fields, 'meta_key');
  const key = keyOf(table, fields).map((field) => readable(field).slice(0, NAME_CHARACTERS));
  return { key, ...(label === undefined ? {} : { label: label.slice(0, NAME_CHARACTERS) }) };
}
