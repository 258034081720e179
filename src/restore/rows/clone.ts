import type { Readable } from 'node:stream';
import { createConnection, type Connection } from 'mysql2';
import { SESSION_SETTINGS } from '../../shared/database-session.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { quoteName } from '../../transfer/database/sql-tokens.ts';
import { fieldExpression, rowText, type TypedColumn } from '../../transfer/origin/row-text.ts';
import type { DatabaseAddress } from '../../transfer/types.ts';
import { digestColumns, DIGEST_SESSION, isNumber, type Escaped, type RowsDigest } from './row-digest.ts';

/** A clone's database, read in one consistent state. */
export interface CloneDatabase {
  /** Its tables, each with the columns that hold values. */
  readonly tables: ReadonlyMap<string, readonly CloneColumn[]>;
  /** The rows of a table, in the bytes in which the source would send them, in the order of these columns. */
  lines(
    table: string,
    columns: readonly string[],
    order: readonly string[] | null,
    span?: Span,
  ): AsyncGenerator<readonly string[]>;
  /** What the server says of the rows of a span without sending them, to be compared with lines in which this is escaped. */
  digest(table: string, columns: readonly string[], span: Span, escaped: Escaped): Promise<RowsDigest>;
  /** Those with one of the values in a column. */
  find(table: string, columns: readonly string[], column: string, values: readonly string[]): Promise<string[]>;
  count(table: string): Promise<number>;
}

interface CloneColumn extends TypedColumn {
  /** It is all of the primary key. */
  readonly isPrimary: boolean;
}

/** Rows whose numbers in a column lie between two others; null: no bound. */
export interface Span {
  readonly column: string;
  /** A number, in the server's own words; the row with it is left out. */
  readonly after: string | null;
  /** A number; the row with it is taken in. */
  readonly upto: string | null;
}

const AT_ONCE = 500;

/** Runs `work` with the clone's database as it is now, whoever writes to it meanwhile. Throws DATABASE_FAILED. */
export async function onClone<T>(
  address: DatabaseAddress,
  signal: AbortSignal,
  work: (database: CloneDatabase) => Promise<T>,
): Promise<T> {
  const connection = createConnection({ ...SESSION_SETTINGS, ...address, charset: 'utf8mb4' });
  const destroy = (): void => connection.destroy();
  signal.addEventListener('abort', destroy, { once: true });
  try {
    const ask = (sql: string, values: readonly unknown[] = []) =>
      connection
        .promise()
        .query<never[]>(sql, [...values])
        .then(([rows]): Record<string, unknown>[] => rows);
    // Stored bytes, as the migrator reads them.
    await ask("SET SESSION character_set_results = NULL, time_zone = '+00:00'");
    await ask(DIGEST_SESSION);
    await ask('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
    const tables = await columnsOf(ask);
    const typed = (table: string, columns: readonly string[]): TypedColumn[] =>
      columns.map((name) => tables.get(table)?.find((each) => each.name === name) ?? { name, type: '' });
    const select = (table: string, columns: readonly string[]): string =>
      `SELECT ${typed(table, columns).map(fieldExpression).join(', ')} FROM ${quoteName(table)}`;
    return await work({
      tables,
      lines: (table, columns, order, span) => {
        const ordered = order ? ` ORDER BY ${order.map(quoteName).join(', ')}` : '';
        return streamed(connection, select(table, columns) + within(span) + ordered);
      },
      digest: async (table, columns, span, escaped) => {
        // The rows of InnoDB lie in the order of this key.
        const isInOrder = tables.get(table)?.find(({ name }) => name === span.column)?.isPrimary === true;
        const asked = digestColumns(typed(table, columns), isInOrder ? undefined : span.column, escaped);
        const from = `${quoteName(table)}${isInOrder ? ' FORCE INDEX (PRIMARY)' : ''}`;
        const [row] = await ask(`SELECT ${asked} FROM ${from}${within(span)}`);
        const said = row?.['sha256'];
        return { rows: Number(row?.['n']), sha256: typeof said === 'string' ? said : null };
      },
      find: async (table, columns, column, values) => {
        const found: string[] = [];
        for (let at = 0; at < values.length; at += AT_ONCE) {
          const some = values.slice(at, at + AT_ONCE).map((value) => Buffer.from(value, 'latin1'));
          const marks = some.map(() => '?').join(', ');
          const sql = connection.format(`${select(table, columns)} WHERE ${quoteName(column)} IN (${marks})`, some);
          for await (const lines of streamed(connection, sql)) found.push(...lines);
        }
        return found;
      },
      count: async (table) => Number((await ask(`SELECT COUNT(*) AS n FROM ${quoteName(table)}`))[0]?.['n']),
    });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof WpcloneError) throw error;
    const { message } = toWpcloneError(error);
    throw new WpcloneError('DATABASE_FAILED', `Reading the clone's database: ${message}`, { cause: error });
  } finally {
    signal.removeEventListener('abort', destroy);
    connection.destroy();
  }
}

function within(span: Span | undefined): string {
  if (span === undefined) return '';
  const column = quoteName(span.column);
  const bounds = [
    ...(span.after === null ? [] : [`${column} > ${number(span.after)}`]),
    ...(span.upto === null ? [] : [`${column} <= ${number(span.upto)}`]),
  ];
  return bounds.length === 0 ? '' : ` WHERE ${bounds.join(' AND ')}`;
}

/** It comes from a file that holds what a site sent. */
function number(text: string): string {
  if (!isNumber(text)) throw new WpcloneError('INTERNAL', 'A bound of rows is no number.');
  return text;
}

async function columnsOf(
  ask: (sql: string) => Promise<Record<string, unknown>[]>,
): Promise<Map<string, CloneColumn[]>> {
  const rows = await ask(
    `SELECT c.TABLE_NAME AS t, c.COLUMN_NAME AS name, LOWER(c.COLUMN_TYPE) AS type, c.GENERATION_EXPRESSION AS made,
       c.COLUMN_KEY = 'PRI' AS isKey
     FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)
     WHERE c.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION`,
  );
  const keys = new Map<string, number>();
  for (const row of rows) keys.set(String(row['t']), (keys.get(String(row['t'])) ?? 0) + Number(row['isKey']));
  const tables = new Map<string, CloneColumn[]>();
  for (const row of rows) {
    const name = String(row['t']);
    const columns = tables.get(name) ?? [];
    tables.set(name, columns);
    const isPrimary = Number(row['isKey']) === 1 && keys.get(name) === 1;
    if (!row['made']) columns.push({ name: String(row['name']), type: String(row['type']), isPrimary });
  }
  return tables;
}

/** Rows in chunks, so that nobody waits for each. */
async function* streamed(connection: Connection, sql: string): AsyncGenerator<readonly string[]> {
  const query = connection.query({
    sql,
    rowsAsArray: true,
    typeCast: (field: { buffer(): Buffer | null }) => field.buffer(),
  });
  const rows: Readable = query.stream({ highWaterMark: CHUNK });
  let chunk: string[] = [];
  let size = 0;
  for await (const row of rows) {
    const line = rowText(valuesOf(row));
    chunk.push(line);
    size += line.length;
    if (chunk.length >= CHUNK || size >= CHUNK_BYTES) {
      yield chunk;
      chunk = [];
      size = 0;
    }
  }
  if (chunk.length > 0) yield chunk;
}

const CHUNK = 200;
const CHUNK_BYTES = 256 * 1024;

const valuesOf = (row: unknown): (Buffer | null)[] =>
  Array.isArray(row) ? row.map((value: unknown) => (Buffer.isBuffer(value) ? value : null)) : [];
