import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type AgentProcess, startAgent } from '../support/agent-process.ts';
import { commandLine, type CommandLine } from '../support/cli.ts';

let owner: CommandLine;
let other: CommandLine;
/** Takes jobs and carries none out. */
let agent: AgentProcess;
beforeAll(async () => {
  [owner, other] = [commandLine(), commandLine()];
  agent = await startAgent(owner, ['--jobs', '0'], () => undefined);
});
afterAll(async () => {
  await agent.end('SIGTERM');
  await Promise.all([owner.stop(), other.stop()]);
});

const clone = (name: string) => ['clone', 'http://127.0.0.1:9', '-u', 'admin', '--name', name];
const endOf = async (job: string) => (await agent.call('GET', `/api/v2/jobs/${job}`)).body;

/** Between a command and the agent: what makes a job is handed on at once, and its answer comes a second later. */
async function slowly(): Promise<{ environment: NodeJS.ProcessEnv; taken: Promise<string>; followed: Promise<void> }> {
  const { promise: taken, resolve } = Promise.withResolvers<string>();
  const { promise: followed, resolve: isFollowed } = Promise.withResolvers<void>();
  const server = createServer((asked, answer) => {
    void (async () => {
      const { method = '', url = '', headers } = asked;
      if (url.endsWith('/events')) isFollowed();
      const { host: _host, connection: _connection, 'transfer-encoding': _coding, ...kept } = headers;
      const body = method === 'GET' ? {} : { body: new Uint8Array(await buffer(asked)) };
      const init = { method, headers: kept as Record<string, string>, ...body };
      const got = await fetch(`${agent.url}${url}`, init);
      const text = await got.text();
      if (url === '/api/v2/clone') resolve((JSON.parse(text) as { job_id: string }).job_id);
      if (url === '/api/v2/clone') await sleep(1_000);
      answer.writeHead(got.status, { 'content-type': got.headers.get('content-type') ?? 'text/plain' }).end(text);
    })().catch(() => answer.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { environment: { WPCLONE_AGENT: url, WPCLONE_AGENT_TOKEN: agent.token }, taken, followed };
}

it.each([
  ['that is waited for', []],
  ['that is not waited for', ['--no-wait']],
])('Ctrl-C while a clone %s is handed in leaves no job behind', async (_, more) => {
  const { environment, taken } = await slowly();
  const running = other.start([...clone('cut'), ...more], { environment });
  const job = await taken;
  running.process.kill('SIGINT');
  const { code, stderr } = await running.finished;
  expect([code, stderr]).toEqual([130, expect.stringContaining('(CANCELLED)')]);
  expect(await endOf(job)).toMatchObject({ status: 'failed', error: { code: 'CANCELLED' } });
});

it('Ctrl-C ends the watching of a job and says that the job goes on, and nothing of cancelling', async () => {
  const { job_id: job } = await owner.json<{ job_id: string }>([...clone('watched'), '--no-wait']);
  const { environment, followed } = await slowly();
  const watching = other.start(['jobs', 'watch', job], { environment });
  await followed;
  watching.process.kill('SIGINT');
  const { code, stderr } = await watching.finished;
  expect([code, stderr]).toEqual([130, expect.stringContaining(`The job ${job} goes on. (JOB_LEFT)`)]);
  expect(stderr).not.toMatch(/cancelling/i);
  expect(await endOf(job)).toMatchObject({ status: 'pending' });
});

it('a job that is handed in, and the jobs of an agent, do not go around it: --direct is refused in words that say so', async () => {
  const said = async (...args: string[]) => {
    const { code, stderr } = await owner.run(args);
    return [code, stderr];
  };
  expect(await said(...clone('direct'), '--no-wait', '--direct')).toEqual([
    2,
    expect.stringMatching(/^✖ --direct and --no-wait do not go together\. \(BAD_INPUT\)/),
  ]);
  expect(await said('jobs', '--direct')).toEqual([2, expect.stringContaining('leave --direct out')]);
});
