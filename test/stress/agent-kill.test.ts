import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createDirectOperations } from '../../src/operations/direct.ts';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { commandLine } from '../support/cli.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { workContext } from '../support/work.ts';

/** Rounds of each; WPCLONE_STRESS makes it that many times as long. */
const FACTOR = Number(process.env['WPCLONE_STRESS'] ?? 1);
const ROUNDS = 12 * FACTOR;
/** Milliseconds within which a clone of the small source is over, so that each state of it is met. */
const SPAN = 4_000;

const cli = commandLine();
const operations = createDirectOperations({
  home: cli.home,
  runtime: 'local',
  kubernetes: {},
  environment: process.env,
});
let source: Source;
beforeAll(async () => {
  source = await startSource({ host: '127.0.0.113', posts: 3 });
});
afterAll(async () => {
  await operations.close();
  await cli.stop();
  await source.stop();
});

async function ask(agent: AgentProcess, name: string, password = source.adminPassword): Promise<string> {
  const body = {
    source_url: source.url,
    source_username: source.adminUser,
    source_password: password,
    customer_id: name,
  };
  return String((await agent.call('POST', '/api/v2/clone', body)).body['job_id']);
}

const isOver = ({ status }: { status: string }): boolean => status === 'completed' || status === 'failed';

// First: later the site's key is known, and no log-in is needed.
it('a log-in that failed is not tried again because the agent died while it was taken back', async () => {
  for (let round = 0; round < 3 * FACTOR; round += 1) {
    const first = await startAgent(cli);
    const job = await ask(first, `wrong-${round}`, 'not the password');
    await first.heard(job, ({ type, step }) => type === 'step-failed' && step === 'connect');
    await first.end('SIGKILL');
    const next = await startAgent(cli);
    expect(await next.until(job, isOver)).toMatchObject({ status: 'failed', error: { code: 'LOGIN_FAILED' } });
    expect((await operations.list(workContext())).map(({ clone_id: id }) => id)).not.toContain(`wrong-${round}`);
    await next.end('SIGTERM');
  }
});

it('whenever an agent is killed, each clone that was promised is there once, and nothing else', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const name = `kill-${round}`;
    const first = await startAgent(cli);
    const job = await ask(first, name);
    const moment = randomInt(SPAN);
    await sleep(moment);
    await first.end('SIGKILL');

    const next = await startAgent(cli);
    const status = await next.until(job, isOver);
    const where = `round ${round}, killed after ${moment} ms`;
    expect([where, status.status, status.result?.['clone_id']]).toEqual([where, 'completed', name]);
    const clones = await operations.list(workContext());
    expect(clones.map(({ clone_id: id, status: state }) => [id, state])).toEqual([[name, 'ready']]);
    expect((await fetch(String(clones[0]?.clone_url))).status).toBe(200);

    // The removal too is killed, and done by the next.
    const removal = String((await next.call('DELETE', `/api/v2/delete/${name}`)).body['job_id']);
    await sleep(randomInt(500));
    await next.end('SIGKILL');
    const last = await startAgent(cli);
    expect(await last.until(removal, isOver)).toMatchObject({ status: 'completed' });
    expect(cli.leftovers()).toEqual([]);
    await last.end('SIGKILL');
  }
});

it('a job whose agent dies each time it runs is given up after the third, and the others are done', async () => {
  const first = await startAgent(cli, ['--jobs', '1']);
  const deadly = await ask(first, 'deadly');
  const other = await ask(first, 'other');
  let agent = first;
  let since = 0;
  for (let loss = 0; loss < 3; loss += 1) {
    await agent.heard(
      deadly,
      ({ type, step, at }) => type === 'step-started' && step === 'connect' && Date.parse(at) > since,
    );
    await agent.end('SIGKILL');
    since = Date.now();
    agent = await startAgent(cli, ['--jobs', '1']);
  }
  expect(await agent.until(deadly, isOver)).toMatchObject({ status: 'failed', error: { code: 'AGENT_LOST' } });
  expect(await agent.until(other, isOver)).toMatchObject({ status: 'completed' });
  await agent.end('SIGTERM');
});
