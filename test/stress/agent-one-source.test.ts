import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAgent } from '../support/agent-process.ts';
import { commandLine } from '../support/cli.ts';
import { startSource, type Source } from '../support/source/index.ts';

const CLONES = 10;
const cli = commandLine();
let source: Source;
beforeAll(async () => {
  source = await startSource({ host: '127.0.0.121', posts: 3 });
});
afterAll(async () => {
  await cli.stop();
  await source.stop();
});

it('of ten clones of one source at once two are at it at a time, and all become ready', async () => {
  const agent = await startAgent(cli, ['--jobs', String(CLONES)]);
  const ids: string[] = [];
  for (let n = 0; n < CLONES; n += 1) {
    const { body } = await agent.call('POST', '/api/v2/clone', {
      source_url: source.url,
      source_username: source.adminUser,
      source_password: source.adminPassword,
      customer_id: `one-${n}`,
    });
    ids.push(String(body['job_id']));
  }
  const times: { readonly at: string; readonly change: 1 | -1 }[] = [];
  for (const id of ids) {
    const job = await agent.until(id, ({ status }) => status === 'completed' || status === 'failed');
    expect(job).toMatchObject({ status: 'completed', attempt: 1, result: { status: 'ready' } });
    times.push({ at: job.started_at ?? '', change: 1 }, { at: job.finished_at ?? '', change: -1 });
  }
  // One that ends and one that begins in the same millisecond: the end came first.
  times.sort((one, other) => (one.at === other.at ? one.change - other.change : one.at < other.at ? -1 : 1));
  let [running, most] = [0, 0];
  for (const { change } of times) {
    running += change;
    most = Math.max(most, running);
  }
  expect(most).toBe(2);
  const { body } = await agent.call('GET', '/api/v2/clones');
  expect(body['clones']).toHaveLength(CLONES);
  await agent.end('SIGTERM');
});
