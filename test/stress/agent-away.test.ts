import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { jobStatusAnswer } from '../../src/agent/http/answers.ts';
import { apiServerProxy, type ApiServerProxy } from '../cluster/api-server-proxy.ts';
import { useCommands } from '../cluster/commands.ts';
import { eventually, HOST, useNamespace } from '../cluster/support.ts';
import { type AgentProcess, type HeardEvent, type JobStatus, startAgent } from '../support/agent-process.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';

/** Seconds: longer than a sidecar goes on that nobody watches, and than a claim is waited for. */
const AGENT_AWAY = 150;
/** Seconds that the API server is away: ten minutes, or as many as WPCLONE_AWAY says, but more than an agent is ready without it. */
const SERVER_AWAY = Math.max(100, Number(process.env['WPCLONE_AWAY'] ?? 600));
/** Milliseconds for what goes on afterwards. */
const PATIENCE = 300_000;
const TRANSFERS = 5;

describe.skipIf(process.env['KUBECONFIG'] === undefined)('on a cluster (skipped where KUBECONFIG names none)', () => {
  const namespace = useNamespace('away');
  const commands = useCommands(namespace);
  const slow = join(makeTemp('pace'), 'slow');
  let source: Source;
  let proxy: ApiServerProxy;
  let running: AgentProcess[] = [];
  beforeAll(async () => {
    chmodSync(join(slow, '..'), 0o755);
    const nginx = `fastcgi_ignore_headers X-Accel-Buffering; if (-f ${slow}) { set $limit_rate 40k; }`;
    source = await startSource({ host: HOST, nginx });
    proxy = await apiServerProxy();
    const folder = join(commands.environment['HOME'] ?? '', '.config/wpclone');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'config.yaml'), 'pool: { min: 0, max: 0 }\n');
  });
  afterEach(async () => {
    for (const agent of running) await agent.end('SIGKILL');
    running = [];
  });
  afterAll(async () => {
    await proxy.stop();
    await source.stop();
  });

  async function start(): Promise<AgentProcess> {
    const agent = await startAgent(commands, ['--jobs', String(TRANSFERS)], () => undefined);
    running.push(agent);
    return agent;
  }
  async function ask(agent: AgentProcess, name: string, url = source.url): Promise<string> {
    const { status, body } = await agent.call('POST', '/api/v2/clone', {
      source_url: url,
      source_username: source.adminUser,
      source_password: source.adminPassword,
      customer_id: name,
    });
    expect([status, body['error']]).toEqual([202, undefined]);
    return String(body['job_id']);
  }
  async function end(agent: AgentProcess, id: string): Promise<JobStatus> {
    for (const until = Date.now() + PATIENCE; ;) {
      const { body } = await agent.call('GET', `/api/v2/job-status/${id}?wait=30`);
      const job = jobStatusAnswer.parse(body);
      if (job.status === 'completed' || job.status === 'failed') return job;
      if (Date.now() > until) throw new Error(`It never ended: ${JSON.stringify(job)}`);
    }
  }
  const moves = ({ type, step, counters }: HeardEvent): boolean =>
    type === 'step-progress' && step === 'files' && (counters?.['bytes'] ?? 0) > 100_000;
  const removed = async (...names: readonly string[]): Promise<void> => {
    for (const name of names) expect((await commands.run(['delete', name, '--force'])).code).toBe(0);
    const left = async () => (await namespace.belongings()).join(' ');
    await eventually(async () => ((await left()) === '' ? true : undefined), 'nothing is left', 60_000);
  };

  it(`an agent that is killed and comes back after ${AGENT_AWAY} s, when nobody watched the transfer any more, makes the clone once more; one clone, and nothing of the first try`, async () => {
    writeFileSync(slow, '');
    const first = await start();
    const job = await ask(first, 'late');
    await first.heard(job, moves);
    const pod = await namespace.podName('late');
    await first.end('SIGKILL');
    await sleep(AGENT_AWAY * 1000);
    rmSync(slow);
    const next = await start();
    expect(await end(next, job)).toMatchObject({ status: 'completed', result: { status: 'ready' } });
    const { body } = await next.call('GET', '/api/v2/clones');
    expect(body['clones']).toMatchObject([{ clone_id: 'late', status: 'ready' }]);
    const { stdout } = await commands.run(['logs', 'late']);
    console.log(
      `back after ${AGENT_AWAY} s: ${(await namespace.podName('late')) === pod ? 'the same pod' : 'a new pod'}`,
    );
    expect(stdout).toContain('"kind":"verify"');
    await removed('late');
  });

  it(`SIGTERM during transfers ends the agent when its minute is over; the next one goes on with each where it is, and none has failed or was begun again`, async () => {
    writeFileSync(slow, '');
    const first = await start();
    const jobs = [await ask(first, 'kept-1'), await ask(first, 'kept-2')];
    for (const job of jobs) await first.heard(job, moves);
    const pods = [await namespace.podName('kept-1'), await namespace.podName('kept-2')];
    const asked = performance.now();
    const ending = first.end('SIGTERM');
    await eventually(async () => ((await first.fetch('/readyz')).status === 503 ? true : undefined), 'it is not ready');
    await ending;
    expect((performance.now() - asked) / 1000).toBeLessThan(90);
    rmSync(slow);
    const next = await start();
    for (const job of jobs) expect(await end(next, job)).toMatchObject({ status: 'completed', attempt: 1 });
    expect([await namespace.podName('kept-1'), await namespace.podName('kept-2')]).toEqual(pods);
    await removed('kept-1', 'kept-2');
  });

  it(`the API server is away for ${SERVER_AWAY} s during a transfer: the clone is made all the same, and the pool is as it was`, async () => {
    await commands.run(['pool', 'set', '--min', '1', '--max', '1']);
    Object.assign(commands.environment, { KUBECONFIG: proxy.kubeconfig });
    writeFileSync(slow, '');
    const agent = await start();
    const warm = async (): Promise<string | undefined> => {
      const { body } = await agent.call('GET', '/api/v2/pool');
      const units: readonly { name: string; state: string }[] = Array.isArray(body['units']) ? body['units'] : [];
      return units.find(({ state }) => state === 'WARM')?.name;
    };
    await eventually(warm, 'a unit is ready', 120_000);
    const job = await ask(agent, 'cut-off');
    await agent.heard(job, moves);
    const kept = await eventually(warm, 'another unit is ready', 120_000);
    proxy.goAway();
    rmSync(slow);
    await sleep(SERVER_AWAY * 1000);
    // The agent lives, says that it is not ready, and still takes what it can promise.
    expect((await agent.fetch('/livez')).status).toBe(200);
    expect((await agent.fetch('/readyz')).status).toBe(503);
    proxy.comeBack();
    expect(await end(agent, job)).toMatchObject({ status: 'completed' });
    await eventually(warm, 'the pool is seen again', 120_000);
    // It waits as before, or the clone has it by now whose pod could not be watched.
    const pod = await namespace.get(`pods/${kept}`);
    expect([pod?.metadata?.name, pod?.metadata?.deletionTimestamp]).toEqual([kept, undefined]);
    await agent.call('POST', '/api/v2/pool/drain');
    await removed('cut-off');
  });
});
