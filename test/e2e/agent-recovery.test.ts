import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createDirectOperations } from '../../src/operations/direct.ts';
import { groupOf } from '../../src/shared/process.ts';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { commandLine } from '../support/cli.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { workContext } from '../support/work.ts';

const cli = commandLine();
let source: Source;
beforeAll(async () => {
  source = await startSource({ host: '127.0.0.112', posts: 3 });
});
afterAll(async () => {
  await cli.stop();
  await source.stop();
});

/** Past the agent, which may be dead or stand still. */
const operations = createDirectOperations({
  home: cli.home,
  runtime: 'local',
  kubernetes: {},
  environment: process.env,
});
afterAll(() => operations.close());
const clones = async () => (await operations.list(workContext())).map(({ clone_id: id, status }) => `${id} ${status}`);

const removeAll = async (): Promise<void> => {
  for (const { clone_id: id } of await operations.list(workContext())) await operations.delete(id, workContext());
};
afterEach(removeAll);

async function ask(agent: AgentProcess, name?: string): Promise<string> {
  const body = {
    source_url: source.url,
    source_username: source.adminUser,
    source_password: source.adminPassword,
    ...(name === undefined ? {} : { customer_id: name }),
  };
  const { status, body: answer } = await agent.call('POST', '/api/v2/clone', body);
  expect(status).toBe(202);
  return String(answer['job_id']);
}

const ended = ({ status }: { status: string }): boolean => status === 'completed' || status === 'failed';

describe('what was promised, when the agent is killed', () => {
  it('in the middle of a transfer, is done by the next agent within two seconds of its start, once', async () => {
    const first = await startAgent(cli);
    const job = await ask(first);
    await first.heard(job, ({ type, step }) => type === 'step-started' && step === 'database');
    await first.end('SIGKILL');

    const began = Date.now();
    const next = await startAgent(cli);
    const startUp = Date.now() - began;
    const again = await next.heard(job, ({ reason, at }) => reason === 'begun' && Date.parse(at) > began);
    const { started_at: listening } = (await next.call('GET', '/api/v2/agent/status')).body;
    // On a machine on which it takes longer to start at all, as long as that.
    expect(Date.parse(again.at) - Date.parse(String(listening))).toBeLessThan(Math.max(2_000, startUp));
    const status = await next.until(job, ended);
    expect(status).toMatchObject({ status: 'completed', attempt: 1, result: { status: 'ready' } });
    expect(await clones()).toEqual([`${String(status.clone_id)} ready`]);
    expect(cli.leftovers().filter((name) => name.startsWith('wpclone_'))).toHaveLength(1);
    await next.end('SIGTERM');
  });

  it('in the moment in which the clone became ready, is not done again', async () => {
    const first = await startAgent(cli);
    const job = await ask(first, 'once');
    await first.heard(job, ({ type, step }) => type === 'step-finished' && step === 'configure');
    // It hears nothing more; the process of the job goes on to its end.
    first.running.process.kill('SIGSTOP');
    await expect.poll(clones, { timeout: 60_000 }).toEqual(['once ready']);
    await first.end('SIGKILL');

    const next = await startAgent(cli);
    const { body } = await next.call('GET', `/api/v2/jobs/${job}`);
    const status = ended({ status: String(body['status']) }) ? body : await next.until(job, ended);
    expect(status).toMatchObject({
      status: 'completed',
      result: { clone_id: 'once', status: 'ready', password: expect.any(String), login_url: expect.any(String) },
    });
    expect(await clones()).toEqual(['once ready']);
    await next.end('SIGTERM');
  });

  it('during a reset, leaves a clone that answers nobody until the next agent has reset it; during a delete, it is gone', async () => {
    const first = await startAgent(cli);
    const job = await ask(first, 'back');
    await first.until(job, ended);
    const reset = String((await first.call('POST', '/api/v2/clones/back/reset')).body['job_id']);
    await first.heard(reset, ({ type }) => type === 'step-started');
    await first.end('SIGKILL');
    // Nobody sees it half reset, whatever the process of the job, which outlives its agent for a moment, came to.
    const isHalf = async (): Promise<boolean> => {
      const [clone] = await operations.list(workContext());
      const answers = await fetch(String(clone?.clone_url)).then(
        ({ status }) => status === 200,
        () => false,
      );
      return answers !== (clone?.status === 'ready');
    };
    await expect.poll(isHalf).toBe(false);

    const second = await startAgent(cli);
    expect(await second.until(reset, ended)).toMatchObject({ status: 'completed' });
    expect(await clones()).toEqual(['back ready']);
    const removal = String((await second.call('DELETE', '/api/v2/delete/back')).body['job_id']);
    await second.heard(removal, ({ reason }) => reason === 'begun');
    await second.end('SIGKILL');

    const third = await startAgent(cli);
    expect(await third.until(removal, ended)).toMatchObject({ status: 'completed' });
    expect(await clones()).toEqual([]);
    expect(cli.leftovers()).toEqual([]);
    await third.end('SIGTERM');
  });
});

describe('the home of an agent', () => {
  it('is a command’s too: both wait for whoever holds the state, and the agent answers meanwhile', async () => {
    const agent = await startAgent(cli);
    const third = new SqliteDatabase(join(cli.home, 'state.db'), { timeout: 30_000 });
    onTestFinished(() => void third.close());
    const job = await ask(agent, 'by-agent');
    const login = ['-u', source.adminUser, '--password-file', '-'];
    const command = cli.start(['clone', source.url, ...login, '--name', 'by-command', '--direct', '--json'], {
      input: source.adminPassword,
    });
    const answers = async (): Promise<void> => {
      for (let n = 0; n < 5; n += 1) {
        expect((await agent.call('GET', '/livez')).status).toBe(200);
        await sleep(20);
      }
    };
    // Again and again, each time for a while: whoever comes meanwhile has to wait.
    for (let over = false; !over; over = ended(await agent.until(job, () => true))) {
      third.exec('BEGIN IMMEDIATE');
      await answers();
      third.exec('ROLLBACK');
      await answers();
    }
    expect(await agent.until(job, ended)).toMatchObject({ status: 'completed', attempt: 1 });
    const { code, stdout, stderr } = await command.finished;
    expect([code, code === 0 ? '' : stdout + stderr]).toEqual([0, '']);
    expect((await clones()).toSorted()).toEqual(['by-agent ready', 'by-command ready']);
    await agent.end('SIGTERM');
  });
});

describe('an agent that is to stop', () => {
  it('lets a running job end, takes no other, and says so at once; its clones stay', async () => {
    const agent = await startAgent(cli);
    const job = await ask(agent, 'last');
    await agent.heard(job, ({ type, step }) => type === 'step-started' && step === 'files');
    // What a service manager ends with the agent is its group: no server of a clone may be in it.
    const group = await groupOf(agent.pid);
    const others = cli.processes().filter(({ pid }) => pid !== agent.pid);
    expect(others.length).toBeGreaterThan(0);
    for (const { pid } of others) expect(await groupOf(pid)).not.toBe(group);
    agent.running.process.kill('SIGTERM');
    await agent.running.seen(/"msg":"stopping"/);
    expect((await agent.fetch('/readyz')).status).toBe(503);
    const refused = await agent.call('POST', '/api/v2/clone', { source_url: source.url });
    expect(refused).toMatchObject({ status: 503, body: { error: { code: 'AGENT_STOPPING' } } });
    const { code, stderr } = await agent.running.finished;
    expect([code, stderr]).toEqual([0, expect.stringContaining('"msg":"job completed"')]);
    expect(await clones()).toEqual(['last ready']);
    const [clone] = await operations.list(workContext());
    expect((await fetch(String(clone?.clone_url))).status).toBe(200);
  });

  it("ends at once when it is asked a second time, and the job is the next one's", async () => {
    const agent = await startAgent(cli);
    const job = await ask(agent, 'twice');
    await agent.heard(job, ({ type, step }) => type === 'step-started' && step === 'connect');
    agent.running.process.kill('SIGTERM');
    await agent.running.seen(/"msg":"stopping"/);
    agent.running.process.kill('SIGTERM');
    expect((await agent.running.finished).code).toBe(143);
    const next = await startAgent(cli);
    expect(await next.until(job, ended)).toMatchObject({ status: 'completed' });
    expect(await clones()).toEqual(['twice ready']);
    await next.end('SIGTERM');
  });
});
