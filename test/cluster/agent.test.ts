import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { cloneArguments, passwordOf, type Report, useCommands } from './commands.ts';
import { visit } from './pages.ts';
import { eventually, HOST, useNamespace } from './support.ts';

const namespace = useNamespace('agent');
const commands = useCommands(namespace);
let source: Source;
const running: AgentProcess[] = [];

async function start(...args: string[]): Promise<AgentProcess> {
  const agent = await startAgent(commands, args, () => undefined);
  running.push(agent);
  return agent;
}

beforeAll(async () => {
  // What clones leave is looked for: no instance is kept ready meanwhile.
  const folder = join(commands.environment['HOME'] ?? '', '.config/wpclone');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.yaml'), 'pool: { min: 0, max: 0 }\n');
  // Slow enough for an agent to be killed in the middle of a transfer.
  source = await startSource({ host: HOST, nginx: 'limit_rate 4m;' });
});
afterEach(async () => {
  for (const agent of running.splice(0)) await agent.end('SIGKILL');
});
afterAll(() => source.stop());

/** Bytes of content that the source has served. */
const served = (): number =>
  [...readFileSync(join(source.logs, 'access.log'), 'utf8').matchAll(/HTTP\/1\.1" \d+ (\d+)/g)].reduce(
    (sum, [, bytes]) => sum + Number(bytes),
    0,
  );

async function ask(agent: AgentProcess, name: string): Promise<string> {
  const { status, body } = await agent.call('POST', '/api/v2/clone', {
    source_url: source.url,
    source_username: source.adminUser,
    source_password: source.adminPassword,
    customer_id: name,
  });
  expect(status).toBe(202);
  return String(body['job_id']);
}

/** The processes of an agent's jobs (proc(5), /proc/PID/task/TID/children). */
const childrenOf = (pid: number): number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );

const ended = ({ status }: { status: string }): boolean => status === 'completed' || status === 'failed';
const nothingLeft = () =>
  eventually(async () => ((await namespace.belongings()).length === 0 ? true : undefined), 'nothing is left', 10_000);
/** How much the source serves for one clone that nobody disturbs. */
let whole = 0;

test('what an agent is asked for is done in pods: clone, show, log in, extend, mail, logs, reset, delete', async () => {
  const agent = await start();
  // Commands of the agent's home go to the agent.
  const report = await commands.json<Report>(
    cloneArguments(source, '--name', 'by-agent', '--ttl', '20m'),
    passwordOf(source),
  );
  whole = served();
  expect(report).toMatchObject({ clone_id: 'by-agent', status: 'ready', runtime: 'kubernetes', warnings: [] });
  const { jobs } = await commands.json<{ jobs: object[] }>(['jobs']);
  expect(jobs).toMatchObject([{ type: 'clone', status: 'completed', clone_id: 'by-agent' }]);
  expect((await visit(namespace, report)).statusCode).toBe(200);

  expect(await commands.json(['list'])).toMatchObject({ clones: [{ clone_id: 'by-agent', status: 'ready' }] });
  expect(await commands.json(['show', 'by-agent', '--show-password'])).toMatchObject({ password: report.password });
  const { body } = await agent.call('POST', '/api/v2/clones/by-agent/login-link');
  const link = new URL(String(body['login_url']));
  const entered = await visit(namespace, report, link.pathname + link.search);
  expect([entered.statusCode, entered.headers['location']]).toEqual([302, expect.stringContaining('/wp-admin')]);

  const extended = await commands.json<{ expires_at: string }>(['extend', 'by-agent', '2h']);
  expect(Math.abs(Date.parse(extended.expires_at) - Date.now() - 7_200_000)).toBeLessThan(30_000);
  expect(await commands.json(['mail', 'by-agent'])).toMatchObject({ messages: [] });
  expect((await commands.run(['logs', 'by-agent'])).stdout).toMatch(/^database: .*ready for connections/m);
  expect(await commands.json(['reset', 'by-agent'])).toMatchObject({ clone_id: 'by-agent', status: 'ready' });
  expect((await visit(namespace, report)).statusCode).toBe(200);

  const anew = cloneArguments(source, '--name', 'by-agent', '--replace', '--ttl', '20m');
  const replaced = await commands.json<Report>(anew, passwordOf(source));
  expect(replaced).toMatchObject({ clone_id: 'by-agent', status: 'ready' });
  const { clone_url: url } = replaced;
  expect(await commands.json(['list'])).toMatchObject({ clones: [{ clone_id: 'by-agent', clone_url: url }] });
  expect((await visit(namespace, replaced)).statusCode).toBe(200);
  expect(await commands.json(['delete', 'by-agent', '--force'])).toMatchObject({ deleted: true });
  expect(await namespace.belongings()).toEqual([]);
});

describe('when the agent is killed', () => {
  test('the next one goes on with the transfer that runs in the pod: not a byte is served twice; and with a reset', async () => {
    const before = served();
    const first = await start();
    const job = await ask(first, 'adopted');
    const files = ({ step, type, counters }: { step?: string; type: string; counters?: { bytes?: number } }) =>
      type === 'step-progress' && step === 'files' && (counters?.bytes ?? 0) > 2_000_000;
    await first.heard(job, files);
    const pod = await namespace.podName('adopted');
    await first.end('SIGKILL');

    const began = Date.now();
    const next = await start();
    const startUp = Date.now() - began;
    const again = await next.heard(job, ({ reason, at }) => reason === 'begun' && Date.parse(at) > began);
    const { started_at: listening } = (await next.call('GET', '/api/v2/agent/status')).body;
    // On a machine on which it takes longer to start at all, as long as that.
    expect(Date.parse(again.at) - Date.parse(String(listening))).toBeLessThan(Math.max(2_000, startUp));
    const status = await next.until(job, ended);
    expect(status).toMatchObject({ status: 'completed', attempt: 1, result: { status: 'ready' } });
    expect(await namespace.podName('adopted')).toBe(pod);
    expect(served() - before).toBeLessThan(whole * 1.02);
    const report = await commands.json<Report>(['show', 'adopted', '--show-password']);
    expect((await visit(namespace, report)).statusCode).toBe(200);
    const { stdout } = await commands.run(['logs', 'adopted']);
    const begun = [...stdout.matchAll(/"message":"job".*"kind":"(\w+)"/g)].map(([, kind = '']) => kind);
    expect([...begun].sort()).toEqual(['configure', 'pullDatabase', 'pullFiles', 'verify']);

    const reset = String((await next.call('POST', '/api/v2/clones/adopted/reset')).body['job_id']);
    await next.heard(reset, ({ type }) => type === 'step-started');
    await next.end('SIGKILL');
    const third = await start();
    expect(await third.until(reset, ended)).toMatchObject({ status: 'completed' });
    expect(await commands.json(['list'])).toMatchObject({ clones: [{ clone_id: 'adopted', status: 'ready' }] });
    await commands.json(['delete', 'adopted', '--force']);
    expect(await namespace.belongings()).toEqual([]);
  });

  test('and so does the agent itself when only the process of the job is killed', async () => {
    const agent = await start();
    const job = await ask(agent, 'orphaned');
    await agent.heard(job, ({ type, step }) => type === 'step-finished' && step === 'provision');
    const pod = await namespace.podName('orphaned');
    for (const pid of childrenOf(agent.pid)) process.kill(pid, 'SIGKILL');
    expect(await agent.until(job, ended)).toMatchObject({ status: 'completed', attempt: 2 });
    expect(await namespace.podName('orphaned')).toBe(pod);
    await commands.json(['delete', 'orphaned', '--force']);
  });

  test('and it makes the clone in another pod where somebody deletes the one that it is in', async () => {
    const agent = await start();
    const job = await ask(agent, 'moved');
    await agent.heard(job, ({ type, step }) => type === 'step-progress' && step === 'files');
    const pod = await namespace.podName('moved');
    await namespace.remove(`pods/${pod}`);
    await agent.until(job, ({ attempt }) => attempt === 2);
    expect(await agent.until(job, ended)).toMatchObject({ status: 'completed', attempt: 2 });
    expect(await namespace.podName('moved')).not.toBe(pod);
    await commands.json(['delete', 'moved', '--force']);
    await nothingLeft();
  });

  test('a job that is cancelled while nobody runs it, or that kills its agent three times, leaves nothing', async () => {
    const first = await start();
    const job = await ask(first, 'given-up');
    await first.heard(job, ({ type, step }) => type === 'step-finished' && step === 'provision');
    await first.end('SIGKILL');
    const idle = await start('--jobs', '0');
    expect((await idle.call('POST', `/api/v2/jobs/${job}/cancel`)).status).toBeLessThan(300);
    expect(await idle.until(job, ended)).toMatchObject({ status: 'failed', error: { code: 'CANCELLED' } });
    await nothingLeft();
    await idle.end('SIGTERM');

    const second = await start();
    const deadly = await ask(second, 'deadly');
    await second.heard(deadly, ({ type, step }) => type === 'step-finished' && step === 'provision');
    await second.end('SIGKILL');
    for (const attempt of [2, 3]) {
      const next = await start();
      const since = Date.now();
      const isBegun = ({ reason, at }: { reason?: string; at: string }) =>
        reason === 'begun' && Date.parse(at) > since - 5_000;
      await next.heard(deadly, isBegun);
      expect((await next.call('GET', `/api/v2/jobs/${deadly}`)).body['status'], `attempt ${attempt}`).toBe('running');
      await next.end('SIGKILL');
    }
    const last = await start();
    expect(await last.until(deadly, ended)).toMatchObject({ status: 'failed', error: { code: 'AGENT_LOST' } });
    await nothingLeft();
    await last.end('SIGTERM');
  });
});
