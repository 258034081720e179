import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TransferInput } from '../../src/transfer/types.ts';
import { planMapping } from '../../src/transfer/rewrite/plan.ts';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';
import { never, type TestClient } from './migrator.ts';
import type { Source } from './source/index.ts';
import { makeTemp } from './temp.ts';

/** What it takes to copy a source through its migrator into a schema on its own server, without an instance. */
export async function inputFor(source: Source, client: TestClient): Promise<TransferInput> {
  const home = makeTemp('imported');
  const paths = { www: join(home, 'www'), baseline: join(home, 'baseline') };
  mkdirSync(paths.baseline);
  for (const sql of [
    'CREATE DATABASE clone CHARACTER SET utf8mb4',
    "CREATE USER clone@localhost IDENTIFIED BY 'x'",
    'GRANT ALL ON clone.* TO clone@localhost',
    'SET GLOBAL local_infile = 1',
  ])
    await source.mariadb.query(sql);
  const info = await client.info(never);
  return {
    client,
    task: { info, media: 'copy', excludeTables: [], excludePaths: [], ttlSeconds: 1800 },
    site: {
      paths,
      database: { socketPath: source.mariadb.socket, user: 'clone', password: 'x', database: 'clone' },
    },
    rewriter: createRewriter(planMapping(info, 'http://localhost:8101', paths.www)),
    context: { signal: never, progress: () => undefined },
    now: Date.now,
    randomBytes,
  };
}
