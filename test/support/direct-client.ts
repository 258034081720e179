import { createHash } from 'node:crypto';
import { lstatSync, openSync, readSync, closeSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import mysql, { type Connection } from 'mysql2';
import type { FileRequest, ManifestEntry, RowBlock, SiteClient, TableRead } from '../../src/site/client-types.ts';
import type { FileRoot, SiteInfo } from '../../src/site/info.ts';

/** What a direct client was asked for, so that a test can say what must not be asked. */
export interface Asked {
  readonly tables: TableRead[];
  readonly files: FileRequest[];
}

interface Source {
  readonly socket: string;
  readonly database: string;
  readonly info: SiteInfo;
  /** Bytes after which a block ends; a longer row goes on in the next. */
  readonly blockBytes?: number;
  /** Runs before each block is handed over. */
  readonly beforeBlock?: (block: RowBlock) => Promise<void> | void;
}

/**
 * A SiteClient that reads a real database and real folders without HTTP, for tests of what comes after it.
 */
export function directClient(source: Source): SiteClient & { readonly asked: Asked } {
  const asked: Asked = { tables: [], files: [] };
  return {
    asked,
    info: () => Promise.resolve(source.info),
    disconnect: () => Promise.resolve(),
    rows: (tables, signal) => {
      asked.tables.push(...tables);
      return readTables(source, tables, signal);
    },
    // Whoever compares with a source needs the real one: how the migrator cuts and hashes is the point.
    digests: () => {
      throw new Error('The direct client knows no digests.');
    },
    async *manifest({ roots }) {
      for (const root of source.info.roots.filter(({ id }) => roots.includes(id))) yield await listRoot(root);
    },
    async *files(files, signal) {
      asked.files.push(...files);
      for (const file of files) {
        signal.throwIfAborted();
        const root = source.info.roots.find(({ id }) => id === file.root);
        yield { type: 'start', file };
        yield* readBody(join(root?.path ?? '', file.path));
      }
    },
  };
}

async function* readTables(
  source: Source,
  tables: readonly TableRead[],
  signal: AbortSignal,
): AsyncGenerator<RowBlock> {
  const connection = mysql.createConnection({ socketPath: source.socket, user: 'root', database: source.database });
  try {
    await connection.promise().query("SET NAMES utf8mb4, time_zone = '+00:00', character_set_results = NULL");
    for (const table of tables) yield* readTable(connection, table, source, signal);
  } finally {
    connection.destroy();
  }
}

const quote = (name: string): string => `\`${name.replaceAll('`', '``')}\``;

async function* readTable(
  connection: Connection,
  table: TableRead,
  source: Source,
  signal: AbortSignal,
): AsyncGenerator<RowBlock> {
  const after = table.after?.map((value) => connection.escape(Buffer.from(value, 'base64').toString()));
  const sql =
    `SELECT ${table.columns.map(quote).join(', ')} FROM ${quote(table.name)}` +
    (after && table.key ? ` WHERE (${table.key.map(quote).join(', ')}) > (${after.join(', ')})` : '') +
    (table.key ? ` ORDER BY ${table.key.map(quote).join(', ')}` : '');
  const stream = connection
    .query({ sql, rowsAsArray: true, typeCast: (field: { buffer(): Buffer | null }) => field.buffer() })
    .stream({ highWaterMark: 100 });
  const limit = source.blockBytes ?? 1_000_000;
  let rows: Buffer[] = [];
  let bytes = 0;
  let cursor: string[] | null = null;
  let hash = createHash('sha256');
  const block = (data: Buffer, counts: { partial: boolean; rows: number; last: boolean }): RowBlock => {
    hash.update(data);
    const sha256 = counts.partial ? null : hash.digest('hex');
    if (sha256 !== null) hash = createHash('sha256');
    return { table: table.name, data, cursor: table.key ? cursor : null, sha256, ...counts };
  };
  const send = async (made: RowBlock): Promise<RowBlock> => {
    await source.beforeBlock?.(made);
    signal.throwIfAborted();
    return made;
  };
  for await (const values of stream as AsyncIterable<(Buffer | null)[]>) {
    const line = Buffer.from(`${values.map(escape).join('\t')}\n`, 'latin1');
    cursor =
      table.key?.map((name) => (values[table.columns.indexOf(name)] ?? Buffer.alloc(0)).toString('base64')) ?? null;
    if (line.length > limit) {
      for (let at = 0; at + limit < line.length; at += limit)
        yield await send(
          block(Buffer.concat([...rows.splice(0), line.subarray(at, at + limit)]), {
            partial: true,
            rows: 0,
            last: false,
          }),
        );
      rows = [line.subarray(line.length - (line.length % limit || limit))];
    } else rows.push(line);
    bytes += line.length;
    if (bytes < limit) continue;
    yield await send(block(Buffer.concat(rows), { partial: false, rows: rows.length, last: false }));
    rows = [];
    bytes = 0;
  }
  yield await send(block(Buffer.concat(rows), { partial: false, rows: rows.length, last: true }));
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r', '\0': '\\0' };

function escape(value: Buffer | null): string {
  // oxlint-disable-next-line no-control-regex
  return value === null ? '\\N' : value.toString('latin1').replace(/[\\\t\n\r\0]/g, (char) => ESCAPES[char] ?? char);
}

function listRoot(root: FileRoot): Promise<ManifestEntry[]> {
  const entries: ManifestEntry[] = [];
  const visit = (path: string): void => {
    const absolute = join(root.path, path);
    const stat = lstatSync(absolute);
    const facts = {
      root: root.id,
      path,
      size: stat.size,
      mtime: Math.floor(stat.mtimeMs / 1000),
      ctime: Math.floor(stat.ctimeMs / 1000),
      mode: stat.mode & 0o7777,
    };
    if (stat.isSymbolicLink()) entries.push({ ...facts, kind: 'symlink', target: readlinkSync(absolute) });
    else if (stat.isDirectory()) {
      entries.push({ ...facts, kind: 'directory' });
      for (const name of readdirSync(absolute)) visit(path === '' ? name : `${path}/${name}`);
    } else entries.push({ ...facts, kind: 'file' });
  };
  visit('');
  return Promise.resolve(entries);
}

function* readBody(path: string) {
  const descriptor = openSync(path, 'r');
  try {
    const hash = createHash('sha256');
    let size = 0;
    for (;;) {
      const data = Buffer.allocUnsafe(256 * 1024);
      const length = readSync(descriptor, data);
      if (length === 0) break;
      size += length;
      hash.update(data.subarray(0, length));
      yield { type: 'data', data: data.subarray(0, length) } as const;
    }
    const stat = lstatSync(path);
    const times = { mtime: Math.floor(stat.mtimeMs / 1000), ctime: Math.floor(stat.ctimeMs / 1000) };
    yield { type: 'end', size, ...times, sha256: hash.digest('hex') } as const;
  } finally {
    closeSync(descriptor);
  }
}
