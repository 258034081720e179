import { expect, test } from 'vitest';
import type { Runtime } from '../../src/runtime/types.ts';
import type { ProvisionLease } from '../../src/runtime/leases.ts';
import { failureOf } from '../support/work.ts';
import { makeAsBefore } from './made-by-0.1.0.ts';
import { cloneId, context, eventually, holdingPod, request, unitPlan, useNamespace } from './support.ts';

const namespace = useNamespace('replace');
const DOMAIN = { domain: 'clones.example', ingressClass: 'none' };
const NETWORK = ['services', 'apis/networking.k8s.io/v1 ingresses'];

const record = (url: string, adminPassword: string) => ({
  url,
  source: { url: 'http://source.example', wordpressVersion: '6.1', phpVersion: '8.2' },
  expiresAt: Date.now() + 600_000,
  adminUsername: 'me',
  adminPassword,
  findings: [],
});
const commit = (lease: ProvisionLease, password: string) =>
  lease.commit(record(lease.instance.url, password), context());
/** What hangs on a clone's name: which objects, whose, by which claim. */
const hanging = (id: string) =>
  Promise.all(
    ['secrets', ...NETWORK].map(async (kind) => {
      const { uid, ownerReferences, annotations } = (await namespace.get(`${kind}/wpclone-${id}`))?.metadata ?? {};
      return { uid, owners: ownerReferences?.map((owner) => owner.uid), claim: annotations?.['wpclone.dev/claim'] };
    }),
  );
const stateOf = async (runtime: Runtime) =>
  (await runtime.list(context())).map(({ id, state, url }) => [id, state, url].join(' ')).toSorted();

test('a clone that replaces another has its name and address once it is ready, and what fails before costs the old one nothing', async () => {
  const runtime = await namespace.runtime(DOMAIN);
  const id = cloneId('shop');
  const url = `https://${id}.clones.example`;
  await commit(await runtime.provision(request({ id }), context()), 'old');
  const before = await hanging(id);
  const old = await namespace.podName(id);

  const spare = cloneId('spare');
  const lease = await runtime.provision(request({ id: spare, replaces: id }), context());
  expect(lease.instance.url).toBe(url);
  expect(await stateOf(runtime)).toEqual([`${id} ready ${url}`, `${spare} creating ${url}`]);
  // Nobody is led to it yet.
  for (const kind of NETWORK) expect(await namespace.get(`${kind}/wpclone-${spare}`)).toBeUndefined();

  // Somebody else has taken it when it is about to get the name: all is as it was, and the old one is nobody's.
  const pod = await namespace.podName(spare);
  await namespace.patch(`pods/${pod}`, { metadata: { annotations: { 'wpclone.dev/epoch': '7' } } });
  expect((await failureOf(commit(lease, 'lost'))).code).toBe('CLUSTER_CONFLICT');
  expect(await hanging(id)).toEqual(before);
  expect(await runtime.password(id, context())).toBe('old');
  const reset = await runtime.takeForReset(id, context());
  await namespace.patch(`pods/${pod}`, { metadata: { annotations: { 'wpclone.dev/epoch': '1' } } });

  // While somebody resets the old one it stays, and the new one waits.
  const replacing = commit(lease, 'new');
  await reset.commit(context());
  expect(await replacing).toMatchObject({ id, url, state: 'ready' });
  expect(await stateOf(runtime)).toEqual([`${id} ready ${url}`]);
  expect(await runtime.password(id, context())).toBe('new');
  const { uid } = (await namespace.get(`pods/${pod}`))?.metadata ?? {};
  const after = await hanging(id);
  expect(after.map((each) => each.uid)).toEqual(before.map((each) => each.uid));
  for (const { owners } of after) expect(owners).toContain(uid);
  expect(await namespace.belongings(spare)).toEqual([]);
  await eventually(async () => ((await namespace.get(`pods/${old}`)) === undefined ? true : undefined), 'it is gone');
  await runtime.remove(id, context());
  expect(await namespace.belongings()).toEqual([]);
});

test('of a clone that replaced another and was cut off right then, nobody sees two, and the sweep removes the old one alone', async () => {
  const runtime = await namespace.runtime();
  const id = cloneId('cut');
  const lease = await runtime.provision(request({ id }), context());
  await commit(lease, 'kept');
  // The one whose name it took: cut off before that one was removed.
  const plan = unitPlan('none');
  const old = holdingPod(plan, id, 'READY');
  await namespace.apply('pods', { ...old, apiVersion: 'v1', kind: 'Pod' });
  const { uid } = (await namespace.get(`pods/${plan.name}`))?.metadata ?? {};
  const unit = (await runtime.units.list(context())).find(({ name }) => name !== plan.name);
  await namespace.patch(`pods/${unit?.name}`, { metadata: { annotations: { 'wpclone.dev/replaces': uid } } });

  expect(await stateOf(runtime)).toEqual([`${id} ready ${lease.instance.url}`]);
  expect(await runtime.sweep(context())).toEqual([id]);
  expect(await namespace.belongings()).toEqual([
    `pods/${unit?.name}`,
    `secrets/${unit?.name}`,
    `secrets/wpclone-${id}`,
    `services/wpclone-${id}`,
  ]);
  expect(await runtime.password(id, context())).toBe('kept');
  await runtime.remove(id, context());
});

test('the name of a clone that was removed meanwhile is taken; a clone of 0.1.0 is not replaced', async () => {
  const runtime = await namespace.runtime();
  const id = cloneId('gone');
  const first = await runtime.provision(request({ id }), context());
  await commit(first, 'old');
  const lease = await runtime.provision(request({ id: cloneId('next'), replaces: id }), context());
  await runtime.remove(id, context());
  expect(await commit(lease, 'new')).toMatchObject({ id, state: 'ready' });
  expect(await runtime.password(id, context())).toBe('new');
  expect(await namespace.get(`services/wpclone-${id}`)).toBeDefined();
  await runtime.remove(id, context());

  const older = cloneId('older');
  await makeAsBefore(namespace, older, 'http://127.0.0.1:20017');
  const refused = await failureOf(runtime.provision(request({ id: cloneId('new'), replaces: older }), context()));
  expect(refused.code).toBe('REPLACE_UNSUPPORTED');
  await runtime.remove(older, context());
  expect(await namespace.belongings()).toEqual([]);
});
