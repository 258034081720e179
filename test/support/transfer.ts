import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { RowBlock } from '../../src/site/client-types.ts';
import type { SiteInfo } from '../../src/site/info.ts';
import { importDatabase, makeTableFiles, resetDatabase } from '../../src/transfer/transfer.ts';
import { planMapping } from '../../src/transfer/rewrite/plan.ts';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';
import type { DatabaseResult, TransferContext, TransferSite, TransferTask } from '../../src/transfer/types.ts';
import { directClient, type Asked } from './direct-client.ts';
import { startMariadb, type Mariadb } from './mariadb.ts';
import { describeSchema, siteInfo } from './site-info.ts';
import { makeTemp } from './temp.ts';

export const CLONE_URL = 'http://localhost:8101';

/** A database server with one schema per test to copy from and one to copy to. */
export interface Playground {
  readonly server: Mariadb;
  /** A fresh pair of schemas; `setUp` fills the source. */
  pair(setUp: string): Promise<SchemaPair>;
  stop(): Promise<void>;
}

export interface CopyOptions {
  readonly info?: (info: SiteInfo) => Partial<SiteInfo>;
  readonly task?: Partial<TransferTask>;
  readonly context?: Partial<TransferContext>;
  readonly blockBytes?: number;
  readonly beforeBlock?: (block: RowBlock) => Promise<void> | void;
}

export interface SchemaPair {
  readonly source: string;
  readonly target: string;
  readonly site: TransferSite;
  copy(options?: CopyOptions): Promise<DatabaseResult & { readonly asked: Asked }>;
  reset(signal?: AbortSignal): Promise<void>;
  /** Makes files of the tables that are still as they were copied. */
  keepTables(): Promise<void>;
  /** Rows of a query against the source, and against the target. */
  both(sql: string): Promise<[Record<string, unknown>[], Record<string, unknown>[]]>;
  inSource(sql: string): Promise<Record<string, unknown>[]>;
  inTarget(sql: string): Promise<Record<string, unknown>[]>;
}

/** The server is strict, as many are: what gets through does so because of the session's own settings. */
export async function startPlayground(settings: readonly string[] = []): Promise<Playground> {
  const server = await startMariadb({
    settings: [
      '--sql-mode=STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO',
      '--local-infile=1',
      ...settings,
    ],
  });
  const folder = makeTemp('transfer');
  let number = 0;
  return {
    server,
    pair: async (setUp) => {
      number += 1;
      const [source, target, user] = [`source_${number}`, `target_${number}`, `clone_${number}`];
      await server.query(`CREATE DATABASE ${source} CHARACTER SET utf8mb4`);
      await server.query(`CREATE DATABASE ${target} CHARACTER SET utf8mb4`);
      await server.query(`CREATE USER ${user}@localhost IDENTIFIED BY 'secret'`);
      await server.query(`GRANT ALL ON ${target}.* TO ${user}@localhost`);
      await server.script(
        `SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES', foreign_key_checks = 0, time_zone = '+00:00';\n${setUp}`,
        source,
      );
      const home = join(folder, target);
      const site: TransferSite = {
        paths: { www: join(home, 'www'), baseline: join(home, 'baseline') },
        database: { socketPath: server.socket, user, password: 'secret', database: target },
        tableFiles: {
          data: join(server.folder, 'data', target),
          kept: join(folder, 'tables', target),
          administrator: async () => ({ socketPath: server.socket, user: 'root', password: '', database: target }),
          hasRoom: async () => true,
        },
      };
      mkdirSync(site.paths.baseline, { recursive: true });
      return schemaPair(server, source, target, site);
    },
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function schemaPair(server: Mariadb, source: string, target: string, site: TransferSite): SchemaPair {
  const context: TransferContext = { signal: new AbortController().signal, progress: () => undefined };
  return {
    source,
    target,
    site,
    copy: async (options = {}) => {
      const described = siteInfo(await describeSchema(server, source));
      const info = { ...described, ...options.info?.(described) };
      const { blockBytes, beforeBlock } = options;
      const client = directClient({
        socket: server.socket,
        database: source,
        info,
        ...(blockBytes === undefined ? {} : { blockBytes }),
        ...(beforeBlock === undefined ? {} : { beforeBlock }),
      });
      const result = await importDatabase({
        client,
        task: { info, media: 'copy', excludeTables: [], excludePaths: [], ttlSeconds: 1800, ...options.task },
        site,
        rewriter: createRewriter(planMapping(info, CLONE_URL, site.paths.www)),
        context: { ...context, ...options.context },
        now: Date.now,
        randomBytes,
      });
      return { ...result, asked: client.asked };
    },
    reset: (signal = context.signal) => resetDatabase(site, { ...context, signal }),
    keepTables: () => makeTableFiles(site, context.signal),
    both: async (sql) => [await server.query(sql, source), await server.query(sql, target)],
    inSource: (sql) => server.query(sql, source),
    inTarget: (sql) => server.query(sql, target),
  };
}

/** A checksum of each table's rows, by table name. */
export async function checksums(server: Mariadb, schema: string): Promise<Record<string, unknown>> {
  const tables = await server.query(
    `SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${schema}' AND TABLE_TYPE = 'BASE TABLE' ORDER BY 1`,
  );
  const sums: Record<string, unknown> = {};
  for (const { name } of tables) {
    const [row] = await server.query(`CHECKSUM TABLE \`${String(name).replaceAll('`', '``')}\``, schema);
    sums[String(name)] = row?.['Checksum'];
  }
  return sums;
}
