import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSchema, rowFilePath } from '../../src/transfer/baseline/database.ts';
import { planMapping } from '../../src/transfer/rewrite/plan.ts';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';
import type { SiteClient } from '../../src/site/client-types.ts';
import { importDatabase } from '../../src/transfer/transfer.ts';
import type { DatabaseResult, TransferTask } from '../../src/transfer/types.ts';
import { checksums } from './transfer.ts';
import { never, type TestClient } from './migrator.ts';
import type { Source } from './source/index.ts';
import { makeTemp } from './temp.ts';

export interface MadeClone {
  readonly baseline: string;
  readonly result: DatabaseResult;
  /** By table: its definition, the digest of its file of rows, and the server's checksum of what it holds. */
  readonly content: ReadonlyMap<string, TableContent>;
}

interface TableContent {
  readonly definition: string;
  readonly rows: number;
  readonly file: string;
  readonly held: unknown;
}

export interface CloneWish {
  readonly address?: string;
  /** Baselines that it may take rows from. */
  readonly earlier?: readonly string[];
  readonly task?: Partial<TransferTask>;
  readonly client?: SiteClient;
}

/** Copies databases of one source through its migrator, each into a schema of its own on the source's server. What is random is the same each time. */
export async function clonesOf(source: Source, client: TestClient) {
  const home = makeTemp('clones');
  await source.mariadb.query("CREATE USER clone@localhost IDENTIFIED BY 'x'");
  await source.mariadb.query('SET GLOBAL local_infile = 1');
  let number = 0;
  return async (wish: CloneWish = {}): Promise<MadeClone> => {
    const database = `clone_${++number}`;
    await source.mariadb.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
    await source.mariadb.query(`GRANT ALL ON ${database}.* TO clone@localhost`);
    const paths = { www: join(home, database, 'www'), baseline: join(home, database, 'baseline') };
    mkdirSync(paths.baseline, { recursive: true });
    const info = await client.info(never);
    const address = wish.address ?? 'http://127.0.0.1:8102';
    const result = await importDatabase({
      client: wish.client ?? client,
      task: { info, media: 'copy', excludeTables: [], excludePaths: [], ttlSeconds: 1800, ...wish.task },
      site: {
        paths,
        database: { socketPath: source.mariadb.socket, user: 'clone', password: 'x', database },
        earlier: async () => wish.earlier ?? [],
      },
      // As if each lay in a folder that is called after its address.
      rewriter: createRewriter(planMapping(info, address, `/clones/${new URL(address).port}/www`)),
      context: { signal: never, progress: () => undefined },
      now: Date.now,
      randomBytes: (size) => Buffer.alloc(size, 7),
    });
    const held = await checksums(source.mariadb, database);
    await source.mariadb.query(`DROP DATABASE ${database}`);
    return { baseline: paths.baseline, result, content: await contentOf(paths.baseline, held) };
  };
}

async function contentOf(
  baseline: string,
  held: Readonly<Record<string, unknown>>,
): Promise<Map<string, TableContent>> {
  const { tables } = await readSchema(baseline);
  return new Map(
    tables.map(({ name, create, file, rows }) => {
      const bytes = file === null ? '' : readFileSync(rowFilePath(baseline, file));
      // Each request to the plugin takes a number of an option.
      const definition = name === 'wp_options' ? create.replace(/ AUTO_INCREMENT=\d+/, '') : create;
      return [name, { definition, rows, file: createHash('sha256').update(bytes).digest('hex'), held: held[name] }];
    }),
  );
}
