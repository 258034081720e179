import { mkdirSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { pullFiles } from '../../src/instance/pull.ts';
import type { InstanceContext, InstanceSite, PullTask } from '../../src/instance/types.ts';
import { instancePaths, localLayout } from '../../src/runtime/local/layout.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { SiteInfo } from '../../src/site/info.ts';
import { instanceContext } from '../support/copied-clone.ts';
import { startFaultyProxy, type FaultyProxy } from '../support/faulty-proxy.ts';
import { eventually } from '../support/local-runtime.ts';
import { installMigrator, never, testClient } from '../support/migrator.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';

let source: Source;
let access: SourceAccess;
let info: SiteInfo;
let proxy: FaultyProxy;

beforeAll(async () => {
  source = await startSource({ posts: 1 });
  mkdirSync(join(source.content, 'uploads'), { recursive: true });
  writeFileSync(join(source.content, 'uploads/big.bin'), randomBytes(30_000_000));
  access = await installMigrator(source);
  const client = testClient(access);
  info = await client.info(never);
  await client.close();
});
afterAll(() => source.stop());

/** The pull goes by way of a proxy that says how many connections are open. */
async function pull(context: InstanceContext) {
  proxy = await startFaultyProxy(source.port, () => undefined);
  onTestFinished(() => proxy.stop());
  const home = makeTemp('pull');
  const site: InstanceSite = {
    paths: instancePaths(localLayout(home), 'pulled'),
    database: { user: '', password: '', database: '' },
  };
  const task: PullTask = {
    access: { ...access, endpoint: access.endpoint.replace(`:${source.port}`, `:${proxy.port}`) },
    info,
    cloneUrl: 'http://localhost:8101',
    media: 'copy',
    excludeTables: [],
    ttlSeconds: 1800,
    excludePaths: [],
  };
  return pullFiles(site, task, { now: Date.now, sleep: (ms) => sleep(ms), randomBytes }, context);
}

/** Well before an idle connection would be closed. */
const noneOpen = () => eventually(() => proxy.connections() > 0 && proxy.open() === 0, 8000);

test('a pull that ended holds no connection to the source', async () => {
  expect((await pull(instanceContext())).files).toBeGreaterThan(100);
  await noneOpen();
});

test('a pull that is cancelled on the way holds none either', async () => {
  const controller = new AbortController();
  const context = { ...instanceContext(controller.signal), progress: () => controller.abort() };
  await expect(pull(context)).rejects.toMatchObject({ name: 'AbortError' });
  await noneOpen();
});

test('nor does one that failed here, with the source still sending', async () => {
  const failing = {
    ...instanceContext(),
    progress: () => {
      throw new Error('broken');
    },
  };
  await expect(pull(failing)).rejects.toMatchObject({ code: 'INTERNAL' });
  await noneOpen();
});
