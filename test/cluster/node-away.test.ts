import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { V1Pod } from '@kubernetes/client-node';
import { secretManifest } from '../../src/runtime/kubernetes/provision/manifests.ts';
import type { Runtime } from '../../src/runtime/types.ts';
import { failureOf } from '../support/work.ts';
import { context, holdingPod, IMAGE, request, unitPlan, useNamespace } from './support.ts';

const namespace = useNamespace('node-away');
/** A node without a kubelet: what is on it is as when its machine has gone. Nothing is sent there by itself. */
const NODE = `away-${randomBytes(3).toString('hex')}`;
/** An address of the network of pods that none has. */
const NOWHERE = '10.244.0.254';
let runtime: Runtime;

const send = (method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object) =>
  namespace.cluster.send({
    method,
    path,
    ...(body === undefined ? {} : { body }),
    ...(method === 'PATCH' ? { contentType: 'application/merge-patch+json' } : {}),
    what: `${method} ${path}`,
    signal: AbortSignal.timeout(30_000),
  });

beforeAll(async () => {
  runtime = await namespace.runtime();
  const spec = { unschedulable: true };
  await send('POST', 'api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: NODE }, spec });
});
afterAll(() => send('DELETE', `api/v1/nodes/${NODE}`));

const condition = (type: string, status: 'True' | 'False') => ({ type, status, lastTransitionTime: new Date() });

/** A unit on that node, as the control plane shows one whose kubelet has stopped telling. */
async function onNode(state: string, jobId: string, id?: string): Promise<string> {
  const revision = await runtime.units.revision(context());
  const plan = unitPlan(IMAGE, { jobId, revision });
  const pod: V1Pod = holdingPod(plan, id ?? 'none', state);
  const { labels = {}, annotations = {} } = pod.metadata ?? {};
  if (id === undefined) {
    delete labels['wpclone.dev/clone'];
    delete annotations['wpclone.dev/claim'];
  }
  await namespace.apply('secrets', secretManifest(plan));
  await namespace.apply('pods', { ...pod, spec: { ...pod.spec, nodeName: NODE } });
  const conditions = [condition('ContainersReady', 'True'), condition('Ready', 'False')];
  await namespace.patch(`pods/${plan.name}/status`, { status: { phase: 'Running', podIP: NOWHERE, conditions } });
  return plan.name;
}

test('a unit whose node does not answer is set aside with that reason, and nobody is given it', async () => {
  const name = await onNode('WARM', 'job-of-nobody');
  expect(await runtime.units.claim(request(), context())).toEqual({ outcome: 'none' });
  const findings = await runtime.units.validate(name, context());
  expect(findings).toContainEqual({ check: 'answers', ok: false, detail: 'its node does not answer' });
  const units = await runtime.units.list(context());
  expect(units.map((unit) => [unit.name, unit.state])).toEqual([[name, 'QUARANTINED']]);
  await runtime.units.retire(name, context());
});

test('work in a clone whose node does not answer ends with that reason, and can be done again in another instance', async () => {
  const { id } = request();
  await onNode('READY', 'job-of-nobody', id);
  const { instance } = await runtime.get(id, context());
  const work = { signal: new AbortController().signal, progress: () => undefined, retry: () => undefined };
  const failing = instance.operations.reset(undefined, work);
  await expect(failing).rejects.toMatchObject({ code: 'INSTANCE_LOST', message: expect.stringContaining('its node') });
  await runtime.remove(id, context());
  expect(await namespace.belongings(id)).toEqual([]);
});

test('whatever is asked of a clone whose node does not answer is refused at once with that reason, and the clone is left as it is', async () => {
  const { id } = request();
  const name = await onNode('READY', 'job-of-nobody', id);
  const { instance } = await runtime.get(id, context());
  const { signal } = new AbortController();
  const logs = async () => {
    for await (const line of runtime.logs(id, { follow: false }, context())) throw new Error(line);
  };
  const asked: Readonly<Record<string, () => Promise<unknown>>> = {
    'a log-in link': () => instance.operations.createLoginLink(signal),
    'its mail': () => instance.operations.listMail(signal),
    'a longer life': () => instance.operations.setExpiry(Date.now() + 3_600_000, signal),
    'its logs': logs,
    'a port': () => runtime.expose(id, context()),
    'a reset': () => runtime.takeForReset(id, context()),
    'a restore': () => runtime.takeForRestore(id, context()),
  };
  const started = Date.now();
  const refused: string[] = [];
  for (const [what, ask] of Object.entries(asked)) {
    const { code, message } = await failureOf(ask());
    if (code === 'INSTANCE_LOST' && message.includes('its node does not answer')) refused.push(what);
  }
  expect(refused).toEqual(Object.keys(asked));
  // Far from the minute and a half for which an API server is waited for.
  expect(Date.now() - started).toBeLessThan(20_000);
  const { facts } = await runtime.get(id, context());
  expect(facts.state).toBe('ready');
  await runtime.units.list(context()).then((units) => expect(units.map((unit) => unit.name)).toContain(name));
  await runtime.remove(id, context());
});

test('a job whose unit was lost with its node has another one, and only that', async () => {
  const wanted = request();
  const { jobId } = context();
  const lost = await onNode('ASSIGNED', jobId, wanted.id);
  const said: unknown[] = [];
  const log = { ...context().log, warn: (_message: string, fields?: object) => said.push(fields) };
  const lease = await runtime.provision(wanted, context({ jobId, log }));
  expect(lease.instance.how).toBe('created');
  expect(said).toEqual([expect.objectContaining({ unit: lost, code: 'INSTANCE_LOST' })]);
  const holders = (await runtime.units.list(context())).filter(({ cloneId }) => cloneId === wanted.id);
  expect(holders.map(({ name }) => name)).not.toContain(lost);
  expect(holders).toHaveLength(1);
  await lease.remove(context());
});
