import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from 'vitest';
import { importDatabase, type TransferInput } from '../../src/transfer/transfer.ts';
import { directClient } from '../support/direct-client.ts';
import { startMariadb, type Mariadb } from '../support/mariadb.ts';
import { describeSchema, siteInfo } from '../support/site-info.ts';
import { startPlayground, type Playground } from '../support/transfer.ts';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';

let source: Playground;
let target: Mariadb;
beforeAll(async () => {
  source = await startPlayground();
});
afterAll(() => source.stop());
beforeEach(async () => {
  target = await startMariadb({ settings: ['--local-infile=1'] });
  await target.query('CREATE DATABASE target');
});
afterEach(() => target.stop());

/** More rows than fit into the buffers of a socket. */
const ROWS = `CREATE TABLE wp_t (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, v varchar(400));
  INSERT INTO wp_t (v) SELECT REPEAT('x', 400) FROM seq_1_to_20000;`;

async function copying(signal: AbortSignal, onBlock: (number: number) => void): Promise<TransferInput> {
  const { source: database, site } = await source.pair(ROWS);
  const info = siteInfo(await describeSchema(source.server, database));
  let blocks = 0;
  const beforeBlock = (): void => onBlock((blocks += 1));
  return {
    client: directClient({ socket: source.server.socket, database, info, blockBytes: 50_000, beforeBlock }),
    task: { info, media: 'copy', excludeTables: [], excludePaths: [], ttlSeconds: 1800 },
    site: { ...site, database: { socketPath: target.socket, user: 'root', password: '', database: 'target' } },
    rewriter: createRewriter({ from: [], to: [], paths: [] }),
    context: { signal, progress: () => undefined },
    now: Date.now,
    randomBytes,
  };
}

test('a server that freezes in the middle of a LOAD DATA is not waited for without end', async () => {
  const input = await copying(new AbortController().signal, (block) => {
    if (block === 5) target.freeze();
  });
  await expect(importDatabase(input)).rejects.toMatchObject({
    code: 'DATABASE_FAILED',
    message: expect.stringContaining('does not answer any more'),
  });
});

test('cancelling does not wait for a server that is frozen', async () => {
  const stop = new AbortController();
  const input = await copying(stop.signal, (block) => {
    if (block !== 5) return;
    target.freeze();
    stop.abort();
  });
  await expect(importDatabase(input)).rejects.toMatchObject({ name: 'AbortError' });
});
