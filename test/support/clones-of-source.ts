import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSchema, rowFilePath } from '../../src/transfer/baseline/database.ts';
import { planMapping } from '../../src/transfer/rewrite/plan.ts';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';
import type { Rewriter } from '../../src/transfer/rewrite/types.ts';
import type { SiteClient } from '../../src/site/client-types.ts';
import { readIndex } from '../../src/transfer/table-files/folder.ts';
import { importDatabase, makeTableFiles, resetDatabase } from '../../src/transfer/transfer.ts';
import type { DatabaseResult, EarlierClone, TransferSite, TransferTask } from '../../src/transfer/types.ts';
import { checksums } from './transfer.ts';
import { never, type TestClient } from './migrator.ts';
import type { Source } from './source/index.ts';
import { makeTemp } from './temp.ts';

export interface MadeClone {
  readonly baseline: string;
  /** Its tables as files, where they were asked for. */
  readonly tables: string;
  /** Large tables that no transaction has written to. */
  readonly imported: readonly string[];
  readonly result: DatabaseResult;
  /** Bytes of rows that the rewriter was given. */
  readonly rewritten: number;
  /** By table: its definitions, the digest of its file of rows, and the server's checksum of what it holds. */
  readonly content: ReadonlyMap<string, TableContent>;
}

interface TableContent {
  readonly definition: string;
  /** What the server has made of it. */
  readonly made: unknown;
  readonly rows: number;
  readonly file: string;
  readonly held: unknown;
}

export interface CloneOptions {
  readonly address?: string;
  /** What it may take rows and tables from. */
  readonly earlier?: readonly EarlierClone[];
  /** Of its folder on the machine; its port without one. */
  readonly folder?: string;
  /** Tables that are kept as files, at least. */
  readonly keep?: readonly string[];
  /** See `TransferSite.memoryKey`. */
  readonly key?: Buffer;
  /** It is put back before it is looked at. */
  readonly reset?: true;
  readonly task?: Partial<TransferTask>;
  readonly client?: SiteClient;
}

/**
 * Copies databases of one source through its migrator, each into a schema of its own on the source's server. What is random is the same
 * each time, and so is how far above the source's IDs the clone's begin: by the site's growth, that would be another number each second.
 */
export async function clonesOf(source: Source, client: TestClient) {
  const home = makeTemp('clones');
  await source.mariadb.query("CREATE USER clone@localhost IDENTIFIED BY 'x'");
  await source.mariadb.query('SET GLOBAL local_infile = 1');
  // Older than a day, as a source whose files are kept between runs may be.
  await source.query('UPDATE wp_posts SET post_date = post_date - INTERVAL 2 DAY');
  let number = 0;
  return async (options: CloneOptions = {}): Promise<MadeClone> => {
    const database = `clone_${++number}`;
    await source.mariadb.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
    await source.mariadb.query(`GRANT ALL ON ${database}.* TO clone@localhost`);
    const paths = { www: join(home, database, 'www'), baseline: join(home, database, 'baseline') };
    mkdirSync(paths.baseline, { recursive: true });
    const info = await client.info(never);
    const { key, address = 'http://127.0.0.1:8102' } = options;
    const account = { socketPath: source.mariadb.socket, database };
    const tables = join(home, 'tables', database);
    const site: TransferSite = {
      paths,
      database: { ...account, user: 'clone', password: 'x' },
      earlier: async () => options.earlier ?? [],
      ...(key && { memoryKey: async () => key }),
      tableFiles: {
        data: join(source.mariadb.folder, 'data', database),
        kept: tables,
        administrator: async () => ({ ...account, user: 'root', password: '' }),
        hasRoom: async () => true,
      },
    };
    const context = { signal: never, progress: () => undefined };
    // As if each lay in a folder that is called after its address.
    const rewriter = createRewriter(
      planMapping(info, address, `/clones/${options.folder ?? new URL(address).port}/www`),
    );
    let rewritten = 0;
    const counting: Rewriter = Object.create(rewriter, {
      rows: {
        value: (...[rows, ...rest]: Parameters<Rewriter['rows']>) => {
          rewritten += rows.length;
          return rewriter.rows(rows, ...rest);
        },
      },
    });
    const result = await importDatabase({
      client: options.client ?? client,
      task: {
        info,
        media: 'copy',
        excludeTables: [],
        excludePaths: [],
        ttlSeconds: 1800,
        idGap: 1000,
        ...options.task,
      },
      site,
      rewriter: counting,
      context,
      now: Date.now,
      randomBytes: (size) => Buffer.alloc(size, 7),
    });
    const imported = await notWritten(source, database);
    if (options.keep) await keepTables(site, options.keep);
    if (options.reset) await resetDatabase(site, context);
    const held = await checksums(source.mariadb, database);
    const made = await definitions(source, database);
    await source.mariadb.query(`DROP DATABASE ${database}`);
    const content = await contentOf(paths.baseline, held, made);
    return { baseline: paths.baseline, tables, imported, result, rewritten, content };
  };
}

/** Files are made of tables whose last change was not in the second in which they were looked at: what was loaded just before waits for another reset. */
async function keepTables(site: TransferSite, wanted: readonly string[]): Promise<void> {
  const context = { signal: never, progress: () => undefined };
  const isMade = async (): Promise<boolean> => {
    await makeTableFiles(site, never);
    const index = site.tableFiles && (await readIndex(site.tableFiles));
    return wanted.every((name) => index?.tables.some((table) => table.name === name));
  };
  while (!(await isMade())) await resetDatabase(site, context);
}

async function notWritten({ mariadb }: Source, database: string): Promise<string[]> {
  const rows = await mariadb.query(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${database}' AND UPDATE_TIME IS NULL AND DATA_LENGTH > 4000000 ORDER BY 1`,
  );
  return rows.map(({ name }) => String(name));
}

async function definitions({ mariadb }: Source, database: string): Promise<Map<string, unknown>> {
  const rows = await mariadb.query(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${database}' AND TABLE_TYPE = 'BASE TABLE'`,
  );
  const found = new Map<string, unknown>();
  for (const { name } of rows) {
    const [made] = await mariadb.query(`SHOW CREATE TABLE \`${String(name)}\``, database);
    found.set(String(name), withoutCounter(String(name), String(made?.['Create Table'])));
  }
  return found;
}

/** Each request to the plugin takes a number of an option. */
const withoutCounter = (name: string, definition: string): string =>
  name === 'wp_options' ? definition.replace(/ AUTO_INCREMENT=\d+/, '') : definition;

async function contentOf(
  baseline: string,
  held: Readonly<Record<string, unknown>>,
  made: ReadonlyMap<string, unknown>,
): Promise<Map<string, TableContent>> {
  const { tables } = await readSchema(baseline);
  return new Map(
    tables.map(({ name, create, file, rows }) => {
      const bytes = file === null ? '' : readFileSync(rowFilePath(baseline, file));
      const definition = withoutCounter(name, create);
      const digest = createHash('sha256').update(bytes).digest('hex');
      return [name, { definition, made: made.get(name), rows, file: digest, held: held[name] }];
    }),
  );
}
