import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { filesOf, toldBy } from '../support/agent-told.ts';
import { commandLine } from '../support/cli.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { spansIn } from '../support/spans.ts';

const cli = commandLine();
/** What the agent told of as traces. */
const traced: string[] = [];
const collector = createServer((incoming, response) => {
  void text(incoming).then((body) => traced.push(body));
  response.end('{}');
});
let source: Source;
let agent: AgentProcess;
beforeAll(async () => {
  source = await startSource({ host: '127.0.0.132', posts: 3 });
  await once(collector.listen(0, '127.0.0.1'), 'listening');
  const address = collector.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  agent = await startAgent(cli, ['--otlp-endpoint', `http://127.0.0.1:${port}`], () => undefined);
});
afterAll(async () => {
  collector.close();
  await cli.stop();
  await source.stop();
});

/** The processes of an agent's jobs. */
const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

async function ask(name: string, password = source.adminPassword): Promise<string> {
  const login = { source_url: source.url, source_username: source.adminUser, source_password: password };
  return String((await agent.call('POST', '/api/v2/clone', { ...login, customer_id: name })).body['job_id']);
}

/** What a job ended with, once it has. */
async function end(job: string): Promise<string> {
  const { status, error } = await agent.until(job, (now) => now.status === 'completed' || now.status === 'failed');
  return error?.code ?? status;
}

it('an agent keeps and tells no password that it was sent, whatever became of the job: not in its files, its log, its metrics, its events, its traces or an error', async () => {
  const WRONG = 'canary-wrong-Zx81kQ';
  const failed = await ask('failed', WRONG);
  expect(await end(failed)).toBe('LOGIN_FAILED');
  const retried = await ask('retried');
  await agent.heard(retried, ({ type, step }) => type === 'step-started' && step === 'connect');
  for (const pid of childrenOf(agent.pid)) process.kill(pid, 'SIGKILL');
  expect(await end(retried)).toBe('completed');
  const cancelled = await ask('cancelled');
  await agent.heard(cancelled, ({ type, step }) => type === 'step-started' && step === 'connect');
  await agent.call('POST', `/api/v2/jobs/${cancelled}/cancel`);
  expect(await end(cancelled)).toBe('CANCELLED');

  const told = await toldBy(agent, [failed, retried, cancelled], source.adminPassword);
  expect(told.join('')).toContain('"reason":"begun"');
  const files = filesOf(cli.home);
  expect([...files.keys()]).toEqual(expect.arrayContaining(['agent.db', 'agent.db-wal', 'state.db']));
  await agent.end('SIGTERM');
  const { stdout, stderr } = await agent.running.finished;
  expect(stdout + stderr).toContain('listening');
  for (const said of [...told, ...files.values(), ...traced, stdout, stderr])
    for (const secret of [source.adminPassword, WRONG]) expect(said).not.toContain(secret);
  const attempts = traced.flatMap(spansIn).filter(({ name }) => name === 'wpclone clone');
  const ends = attempts.map(({ attributes }) => attributes['error.type'] ?? 'completed');
  expect(new Set(ends)).toEqual(new Set(['CANCELLED', 'LOGIN_FAILED', 'WORKER_DIED', 'completed']));
});
