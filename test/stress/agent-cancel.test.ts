import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDirectOperations } from '../../src/operations/direct.ts';
import { startAgent } from '../support/agent-process.ts';
import { commandLine } from '../support/cli.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { workContext } from '../support/work.ts';

/** Rounds; WPCLONE_STRESS makes it that many times as long. */
const ROUNDS = 20 * Number(process.env['WPCLONE_STRESS'] ?? 1);
/** The most rounds: on whatever machine, both ends are to be met. */
const MOST = 4 * ROUNDS;

const cli = commandLine();
const operations = createDirectOperations({
  home: cli.home,
  runtime: 'local',
  kubernetes: {},
  environment: process.env,
});
let source: Source;
beforeAll(async () => {
  source = await startSource({ host: '127.0.0.133', posts: 3 });
});
afterAll(async () => {
  await operations.close();
  await cli.stop();
  await source.stop();
});

const login = () => ({
  source_url: source.url,
  source_username: source.adminUser,
  source_password: source.adminPassword,
});
/** Milliseconds before and after the last thing that a clone does. */
const MOMENT = 60;
const isLookedAt = ({ type, step }: { type: string; step?: string | undefined }): boolean =>
  type === 'step-finished' && step === 'verify';

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

it('whenever a job is cancelled it has one end: it failed and nothing of it is left, or it was ready and its clone lives', async () => {
  const agent = await startAgent(cli);
  const ends: string[] = [];
  const isOver = ({ status }: { status: string }): boolean => status === 'completed' || status === 'failed';
  // As long as a clone takes here, so that each state of it is met.
  const span = await timed(async () => {
    const { body } = await agent.call('POST', '/api/v2/clone', { ...login(), customer_id: 'whole' });
    expect(await agent.until(String(body['job_id']), isOver)).toMatchObject({ status: 'completed' });
  });
  await agent.until(String((await agent.call('DELETE', '/api/v2/delete/whole')).body['job_id']), isOver);
  for (let round = 0; round < ROUNDS || (new Set(ends).size < 2 && round < MOST); round += 1) {
    const name = `cancel-${round}`;
    const { body } = await agent.call('POST', '/api/v2/clone', { ...login(), customer_id: name });
    const job = String(body['job_id']);
    // Every second one in the moment in which it is done, however long that takes to come.
    const last = round % 2 === 1;
    if (last) await agent.heard(job, isLookedAt);
    const moment = randomInt(last ? MOMENT : Math.ceil(span));
    await sleep(moment);
    await agent.call('POST', `/api/v2/jobs/${job}/cancel`);
    const end = await agent.until(job, isOver);
    const clones = await operations.list(workContext());
    const living = clones.map(({ clone_id: id, status }) => `${id} ${status}`);
    const answers = await Promise.all(clones.map(async ({ clone_url: url }) => (await fetch(url)).status));
    const where = `round ${round}, cancelled ${moment} ms after ${last ? 'it was looked at' : 'it was asked for'}`;
    expect([where, end.status, end.error?.code, living, answers]).toEqual(
      end.status === 'completed'
        ? [where, 'completed', undefined, [`${name} ready`], [200]]
        : [where, 'failed', 'CANCELLED', [], []],
    );
    ends.push(end.status);
    if (living.length > 0) {
      const { body: removal } = await agent.call('DELETE', `/api/v2/delete/${name}`);
      await agent.until(String(removal['job_id']), (now) => now.status === 'completed');
    }
    expect(cli.leftovers()).toEqual([]);
    const events: string = await (
      await agent.fetch(`/api/v2/jobs/${job}/log?limit=500`, {
        headers: { authorization: `Bearer ${agent.token}` },
      })
    ).text();
    expect(events.match(/"state":"(completed|failed)"/g)).toHaveLength(1);
  }
  console.log(
    `${ends.filter((each) => each === 'completed').length} of ${ends.length} were ready before they could be cancelled`,
  );
  expect(new Set(ends)).toEqual(new Set(['completed', 'failed']));
  await agent.end('SIGTERM');
});
