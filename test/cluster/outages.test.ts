import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectCluster } from '../../src/runtime/kubernetes/api/client.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { apiServerProxy, type ApiServerProxy } from './api-server-proxy.ts';
import { cloneArguments, passwordOf, type Report, useCommands } from './commands.ts';
import { cloneId, context, HOST, killContainer, request, useNamespace } from './support.ts';

const namespace = useNamespace('outages');
const commands = useCommands(namespace);
let source: Source;
let proxy: ApiServerProxy;

beforeAll(async () => {
  // Slow enough that everything below happens in the middle of the transfer; what nginx does not buffer it does not limit.
  source = await startSource({ host: HOST, nginx: 'fastcgi_ignore_headers X-Accel-Buffering; limit_rate 2m;' });
  proxy = await apiServerProxy();
});
afterAll(async () => {
  await proxy.stop();
  await source.stop();
});

/** Starts a clone and resolves when its transfer runs. */
async function transferring(environment: NodeJS.ProcessEnv = {}) {
  const id = cloneId();
  const argv = cloneArguments(source, '--name', id, '--events');
  const running = commands.start(argv, { environment: { ...passwordOf(source).environment, ...environment } });
  await running.seen(/"step-progress","step":"files"/);
  return { id, pod: await namespace.podName(id), running };
}

/** The kubelet writes it some time after the container runs again. */
async function restartsOf(pod: string, container: string): Promise<number | undefined> {
  const status = (await namespace.get(`pods/${pod}`))?.status?.containerStatuses;
  return status?.find(({ name }) => name === container)?.restartCount;
}

type Running = Awaited<ReturnType<typeof transferring>>['running'];

async function resultOf(running: Running): Promise<Report> {
  const { stdout, stderr } = await running.finished;
  const last = stdout.trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`No result:\n${stdout}${stderr}`);
  return JSON.parse(last);
}

async function expectNothingLeft(id: string): Promise<void> {
  expect(await namespace.belongings(id)).toEqual([]);
}

describe('in the middle of a clone', () => {
  test('the API server is away for 20 seconds: the transfer goes on, and the clone succeeds', async () => {
    const { running } = await transferring({ KUBECONFIG: proxy.kubeconfig });
    proxy.goAway();
    const back = setTimeout(() => proxy.comeBack(), 20_000);
    const report = await resultOf(running);
    clearTimeout(back);
    expect(report.error).toBeUndefined();
    expect(report).toMatchObject({ status: 'ready' });
    expect((await running.finished).stdout).toContain('"type":"retry"');
    expect(report.timings['total']).toBeGreaterThan(19);
    // Begun once: nothing was transferred a second time.
    expect((await jobsOf(report.clone_id)).filter((kind) => kind === 'pullFiles')).toHaveLength(1);
  });

  test('connections to the API server are cut again and again', async () => {
    const { running } = await transferring({ KUBECONFIG: proxy.kubeconfig });
    const cutting = setInterval(() => proxy.cut(), 700);
    const report = await resultOf(running);
    clearInterval(cutting);
    expect(report.error).toBeUndefined();
    expect((await jobsOf(report.clone_id)).filter((kind) => kind === 'pullFiles')).toHaveLength(1);
  });

  test('the database container is killed: the step begins again', async () => {
    const { pod, running } = await transferring();
    await killContainer(namespace, pod, 'database');
    const report = await resultOf(running);
    expect(report.error).toBeUndefined();
    await expect.poll(() => restartsOf(pod, 'database')).toBe(1);
    expect(report.transferred['tables']).toBe(12);
  });

  test('the database container is killed after its step: what was written is there', async () => {
    const { pod, running } = await transferring();
    await running.seen(/"step-finished","step":"database"/);
    await killContainer(namespace, pod, 'database');
    const report = await resultOf(running);
    expect(report.error).toBeUndefined();
    await expect.poll(() => restartsOf(pod, 'database')).toBe(1);
  });

  test('the sidecar is killed: the steps begin again', async () => {
    const { pod, running } = await transferring();
    await killContainer(namespace, pod, 'sidecar');
    const report = await resultOf(running);
    expect(report.error).toBeUndefined();
    await expect.poll(() => restartsOf(pod, 'sidecar')).toBe(1);
  });

  test('the web server is killed: the clone is verified all the same', async () => {
    const { pod, running } = await transferring();
    await killContainer(namespace, pod, 'web');
    expect((await resultOf(running)).error).toBeUndefined();
  });

  test('the pod is deleted: one clear error, nothing left', async () => {
    const { id, pod, running } = await transferring();
    await namespace.remove(`pods/${pod}`);
    const report = await resultOf(running);
    expect(report.error?.code).toBe('INSTANCE_LOST');
    expect(report.error?.message).toContain(id);
    await expectNothingLeft(id);
  });

  test('the node is drained: one clear error, nothing left', async () => {
    const { id, pod, running } = await transferring();
    const eviction = { apiVersion: await evictionVersion(), kind: 'Eviction', metadata: { name: pod } };
    await namespace.apply(`pods/${pod}/eviction`, eviction);
    expect((await resultOf(running)).error?.code).toBe('INSTANCE_LOST');
    await expectNothingLeft(id);
  });

  test('Ctrl-C: all undone, exit code 130', async () => {
    const { id, running } = await transferring();
    running.process.kill('SIGINT');
    expect((await running.finished).code).toBe(130);
    await expectNothingLeft(id);
  });

  test('kill -9: the next command removes it after its deadline, not before', async () => {
    const { id, pod, running } = await transferring();
    running.process.kill('SIGKILL');
    await running.finished;
    await commands.run(['list']);
    expect(await namespace.belongings()).toContain(`pods/${pod}`);
    const past = new Date(Date.now() - 1000).toISOString();
    await namespace.patch(`pods/${pod}`, { metadata: { annotations: { 'wpclone.dev/deadline': past } } });
    const { removed } = await commands.json<{ removed: string[] }>(['gc']);
    expect(removed).toEqual([id]);
    await expectNothingLeft(id);
  });
});

/** policy/v1 since Kubernetes 1.22, where policy/v1beta1 is on its way out. */
async function evictionVersion(): Promise<string> {
  const { resources }: { resources: { name: string; group?: string; version?: string }[] } =
    await namespace.cluster.send({
      method: 'GET',
      path: 'api/v1',
      what: 'read the API',
      signal: AbortSignal.timeout(10_000),
    });
  const found = resources.find(({ name }) => name === 'pods/eviction');
  return `${found?.group}/${found?.version}`;
}

/** The largest answer that every API server has: several megabytes. */
const SPECIFICATION = { method: 'GET', path: 'openapi/v2', what: 'get the specification' } as const;

describe('an answer', () => {
  test('whose connection dies in silence between its headers and its end is an outage, not a wait without end', async () => {
    const cluster = await connectCluster({ namespace: namespace.name }, Date.now, proxy.kubeconfig);
    proxy.freezeAfter(100_000);
    const asked = cluster.send({ ...SPECIFICATION, signal: AbortSignal.timeout(60_000) });
    await expect(asked).rejects.toMatchObject({ code: 'CLUSTER_UNREACHABLE', retryable: true });
    proxy.freezeAfter(Infinity);
    expect(await cluster.send({ ...SPECIFICATION, signal: AbortSignal.timeout(60_000) })).toHaveProperty('paths');
    await cluster.close();
  });
});

describe('while an instance starts', () => {
  test('a watch that is cut is taken up again, and one that dies in silence does not hide that the pod is ready', async () => {
    const runtime = await namespace.runtime({ kubeconfig: proxy.kubeconfig });
    for (const disturb of [() => proxy.cut(), () => proxy.freeze()]) {
      const clone = request();
      const provisioning = runtime.provision(clone, context());
      await namespace.podName(clone.id);
      disturb();
      const lease = await provisioning;
      expect(lease.cloneId).toBe(clone.id);
      await lease.remove(context());
    }
  });
});

/** The kinds of all jobs that were started in a clone's sidecar. */
async function jobsOf(id: string): Promise<string[]> {
  const { stdout } = await commands.run(['logs', id]);
  const started = stdout.split('\n').filter((line) => line.includes('"message":"job"'));
  return started.map((line) => JSON.parse(line.slice(line.indexOf('{'))).kind);
}
