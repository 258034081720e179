import { describe, expect, test } from 'vitest';
import { listObjects } from '../../src/runtime/kubernetes/api/objects.ts';
import { parseOptions } from '../../src/runtime/kubernetes/options.ts';
import { podManifest } from '../../src/runtime/kubernetes/provision/manifests.ts';
import { lockManifest } from '../../src/runtime/kubernetes/provision/name.ts';
import { transition } from '../../src/runtime/kubernetes/unit/cas.ts';
import type { Cluster } from '../../src/runtime/kubernetes/api/client.ts';
import { INSTANCE_SELECTOR } from '../../src/runtime/kubernetes/unit/names.ts';
import { parseUnit, type Unit } from '../../src/runtime/kubernetes/unit/unit.ts';
import { WpcloneError } from '../../src/shared/errors.ts';
import { failureOf } from '../support/work.ts';
import { ABSENT_IMAGE, cloneId, context, eventually, holdingPod, request, unitPlan, useNamespace } from './support.ts';

const namespace = useNamespace('cas');

/** A unit that never runs, in a state of our choice, which says that it holds a clone. */
async function unit(state = 'WARM'): Promise<Unit> {
  const plan = unitPlan(ABSENT_IMAGE);
  await namespace.apply('pods', holdingPod(plan, cloneId(), state));
  return present(plan.name);
}

/** One that waits for a clone. */
async function idle(): Promise<Unit> {
  const plan = unitPlan(ABSENT_IMAGE);
  const pod = podManifest(plan, parseOptions({}));
  const labels = { ...pod.metadata?.labels, 'wpclone.dev/state': 'WARM' };
  await namespace.apply('pods', { ...pod, metadata: { ...pod.metadata, labels } });
  return present(plan.name);
}

async function present(name: string): Promise<Unit> {
  const pod = await namespace.get(`pods/${name}`);
  const { unit: found } = parseUnit(pod ?? {});
  if (found === undefined) throw new Error(`${name} is not a unit`);
  return found;
}

const claimAs = (found: Unit, claim: string, cluster = namespace.cluster) =>
  transition(
    cluster,
    found,
    { to: 'ASSIGNED', newEpoch: true, annotations: { 'wpclone.dev/claim': claim } },
    context(),
  );

describe('compare-and-swap', () => {
  test('of many claimers of one unit exactly one wins, and the epoch grows by one', async () => {
    const warm = await unit();
    const claims = Array.from({ length: 40 }, (_, index) => `claimer-${index}`);
    const results = await Promise.allSettled(claims.map((claim) => claimAs(warm, claim)));
    const won = claims.filter((_, index) => results[index]?.status === 'fulfilled');
    expect(won).toHaveLength(1);
    const reasons = results.map((result) => (result.status === 'rejected' ? result.reason.code : 'won'));
    expect(new Set(reasons)).toEqual(new Set(['won', 'CLUSTER_CONFLICT']));
    expect(await present(warm.name)).toMatchObject({ state: 'ASSIGNED', epoch: 1, claim: won[0] });
  });

  test('what the kubelet writes meanwhile is no conflict', async () => {
    const warm = await unit();
    await namespace.patch(`pods/${warm.name}`, { metadata: { annotations: { 'example.org/touched': 'yes' } } });
    await claimAs(warm, 'claimer-after-touch');
    expect(await present(warm.name)).toMatchObject({ state: 'ASSIGNED', claim: 'claimer-after-touch' });
  });

  test('a claim whose answer was lost is recognised as ours', async () => {
    const warm = await unit();
    let lost = 0;
    const losing: Cluster = {
      ...namespace.cluster,
      async send<T>(call: Parameters<Cluster['send']>[0]): Promise<T> {
        const answer = await namespace.cluster.send<T>(call);
        if (call.method === 'PATCH' && (lost += 1) === 1) {
          throw new WpcloneError('CLUSTER_UNREACHABLE', 'The answer was lost.', { retryable: true });
        }
        return answer;
      },
    };
    const pod = await claimAs(warm, 'claimer-lost-answer', losing);
    expect(lost).toBe(1);
    expect(parseUnit(pod).unit).toMatchObject({ state: 'ASSIGNED', epoch: 1, claim: 'claimer-lost-answer' });
  });

  test('of a claim and a removal at the same moment one wins: no claim has a unit that goes, and none that is claimed goes', async () => {
    const runtime = await namespace.runtime();
    const rounds = Array.from({ length: 6 }, async (_, index) => {
      const { name } = await idle();
      const warm = await present(name);
      const change = { to: 'ASSIGNED', newEpoch: true, job: 'job-claims', clone: cloneId() } as const;
      const annotations = { 'wpclone.dev/deadline': new Date(Date.now() + 60_000).toISOString() };
      const claim = () => transition(namespace.cluster, warm, { ...change, annotations }, context());
      const retire = () => runtime.units.retire(name, context());
      const [first, second] = index % 2 === 0 ? [claim, retire] : [retire, claim];
      const results = await Promise.allSettled([first(), second()]);
      const [claimed, retired] = index % 2 === 0 ? results : results.toReversed();
      expect(new Set([claimed?.status, retired?.status])).toEqual(new Set(['fulfilled', 'rejected']));
      const pod = await namespace.get(`pods/${name}`);
      const stays = pod !== undefined && pod.metadata?.deletionTimestamp === undefined;
      expect(stays).toBe(claimed?.status === 'fulfilled');
      // It asks for a share of the node, which others need.
      await namespace.remove(`pods/${name}`, 0).catch(() => undefined);
    });
    await Promise.all(rounds);
  });

  test('a unit that somebody has deleted and that its node has not taken down yet is lost to whoever claims it', async () => {
    const { name } = await idle();
    const warm = await present(name);
    // Kept from going, as a node does that takes its time.
    await namespace.patch(`pods/${name}`, { metadata: { finalizers: ['example.org/kept'] } });
    await namespace.remove(`pods/${name}`);
    expect((await failureOf(claimAs(warm, 'claimer-late'))).code).toBe('INSTANCE_LOST');
    await namespace.patch(`pods/${name}`, { metadata: { finalizers: null } });
  });

  test('an older epoch can do nothing', async () => {
    const warm = await unit();
    await claimAs(warm, 'claimer-first');
    const first = await present(warm.name);
    await transition(namespace.cluster, first, { to: 'READY' }, context());
    const ready = await present(warm.name);
    await transition(namespace.cluster, ready, { to: 'RESETTING', newEpoch: true }, context());
    const late = await failureOf(transition(namespace.cluster, ready, { to: 'READY' }, context()));
    expect(late.code).toBe('CLUSTER_CONFLICT');
    expect(late.message).toContain('no longer READY, epoch 1 but RESETTING, epoch 2');
  });

  test('a clone that is being reset is not reset by another at the same time', async () => {
    const { cloneId: id = '' } = await unit('READY');
    const [one, other] = [await namespace.runtime(), await namespace.runtime()];
    const lease = await one.takeForReset(id, context());
    const error = await failureOf(other.takeForReset(id, context()));
    expect([error.code, error.message]).toEqual(['BUSY', `${id} is being reset by another wpclone.`]);
    expect((await lease.commit(context())).state).toBe('ready');
  });

  test('a clone whose reset was cut off is kept until its end, and is reset by whoever asks next', async () => {
    const { cloneId: id = '', name } = await unit('READY');
    const runtime = await namespace.runtime();
    const work = context();
    const lease = await runtime.takeForReset(id, work);
    await lease.release(work);
    // Another attempt of the same job need not wait, and nobody acts for the first one any more.
    const again = await runtime.takeForReset(id, work);
    expect([again.epoch, again.instance.how]).toEqual([lease.epoch + 1, 'taken-up']);
    await again.release(work);
    expect((await failureOf(runtime.takeForReset(id, context()))).code).toBe('BUSY');

    const past = new Date(Date.now() - 1000).toISOString();
    await namespace.patch(`pods/${name}`, { metadata: { annotations: { 'wpclone.dev/deadline': past } } });
    expect(await runtime.sweep(context())).toEqual([]);
    expect((await (await runtime.takeForReset(id, context())).commit(context())).state).toBe('ready');
  });

  test('what a job began is taken back once nobody goes on with it, and nothing of others', async () => {
    const runtime = await namespace.runtime();
    const [dead, alive, ready] = [await unit('ASSIGNED'), await unit('ASSIGNED'), await unit('READY')];
    const over = { metadata: { annotations: { 'wpclone.dev/job': 'job-over' } } };
    for (const { name } of [dead, ready]) await namespace.patch(`pods/${name}`, over);
    const lock = lockManifest(
      { id: 'job-over/locked', cloneId: 'locked' },
      new Date(Date.now() + 600_000).toISOString(),
    );
    await namespace.apply('secrets', lock);
    expect(await runtime.takeBack((job) => job === 'job-over', context())).toEqual([dead.cloneId, 'locked']);
    expect(await namespace.belongings('locked')).toEqual([]);
    for (const { name } of [alive, ready]) expect(await present(name)).toBeDefined();
  });

  test('a step that the life of a unit does not have is refused before it is asked for', async () => {
    const warm = await unit();
    const error = await failureOf(transition(namespace.cluster, warm, { to: 'READY' }, context()));
    expect(error.message).toMatch(/cannot go from WARM to READY/);
  });

  test('a unit that is gone, also when another has its name, is lost', async () => {
    const warm = await unit();
    await namespace.remove(`pods/${warm.name}`);
    await eventually(async () => ((await namespace.get(`pods/${warm.name}`)) === undefined ? true : undefined), 'gone');
    expect((await failureOf(claimAs(warm, 'claimer-late'))).code).toBe('INSTANCE_LOST');
  });
});

describe('a pod that only looks like ours', () => {
  const labels = {
    'app.kubernetes.io/managed-by': 'wpclone',
    'app.kubernetes.io/component': 'instance',
    'wpclone.dev/clone': 'stranger',
    'wpclone.dev/state': 'READY',
  };
  const stranger = (name: string, annotations: Record<string, string>) => ({
    metadata: { name, labels, annotations },
    spec: { containers: [{ name: 'main', image: ABSENT_IMAGE, imagePullPolicy: 'Never' }] },
  });

  test('is ignored with a warning, and never touched', async () => {
    const past = new Date(Date.now() - 3_600_000).toISOString();
    await namespace.apply('pods', stranger('stranger-without-epoch', { 'wpclone.dev/expires-at': past }));
    await namespace.apply(
      'pods',
      stranger('stranger-with-nonsense', { 'wpclone.dev/epoch': 'x', 'wpclone.dev/facts': '{' }),
    );
    const runtime = await namespace.runtime();
    const warnings: string[] = [];
    const log = { debug: () => undefined, info: () => undefined, warn: (message: string) => warnings.push(message) };
    const work = context({ log });
    expect((await runtime.list(work)).filter(({ id }) => id === 'stranger')).toEqual([]);
    expect(warnings).toContain('ignored a pod that has our labels but is not ours');
    expect((await failureOf(runtime.get('stranger', work))).code).toBe('NOT_FOUND');
    await runtime.sweep(work);
    const pods = await listObjects(namespace.cluster, 'pods', { labelSelector: INSTANCE_SELECTOR }, work);
    const names = pods.items
      .filter(({ metadata }) => metadata?.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata?.name);
    expect(names).toEqual(expect.arrayContaining(['stranger-without-epoch', 'stranger-with-nonsense']));
  });
});

describe('what is left behind', () => {
  test('unfinished work of a dead process goes after its deadline, living work stays', async () => {
    const runtime = await namespace.runtime({ image: ABSENT_IMAGE });
    const [dead, alive] = [await unit('CREATING'), await unit('CREATING')];
    await namespace.patch(`pods/${dead.name}`, {
      metadata: { annotations: { 'wpclone.dev/deadline': new Date(Date.now() - 1000).toISOString() } },
    });
    expect(await runtime.sweep(context())).toEqual([dead.cloneId]);
    const left = await namespace.belongings();
    expect(left).toContain(`pods/${alive.name}`);
    expect(left).not.toContain(`pods/${dead.name}`);
  });

  test('a Secret without its pod goes after its deadline', async () => {
    const runtime = await namespace.runtime();
    const id = cloneId('orphan');
    const secret = (name: string, deadline: number) => ({
      metadata: {
        name,
        labels: { ...managed, 'wpclone.dev/clone': id },
        annotations: { 'wpclone.dev/deadline': new Date(deadline).toISOString() },
      },
    });
    const managed = { 'app.kubernetes.io/managed-by': 'wpclone', 'app.kubernetes.io/component': 'instance' };
    await namespace.apply('secrets', secret(`wpclone-${id}`, Date.now() - 1000));
    await namespace.apply('secrets', secret(`wpclone-${id}-fresh`, Date.now() + 3_600_000));
    expect(await runtime.sweep(context())).toEqual([id]);
    const left = await namespace.belongings();
    expect(left).toContain(`secrets/wpclone-${id}-fresh`);
    expect(left).not.toContain(`secrets/wpclone-${id}`);
  });

  test('a certificate that cert-manager made for a clone goes after the clone, and no other', async () => {
    const runtime = await namespace.runtime({ image: ABSENT_IMAGE });
    const alive = await unit('CREATING');
    const id = cloneId('gone');
    // As cert-manager writes it; there is none on the test cluster.
    const certificate = (name: string, of = name) => ({
      metadata: { name, annotations: { 'cert-manager.io/certificate-name': of } },
      type: 'kubernetes.io/tls',
      stringData: { 'tls.crt': '', 'tls.key': '' },
    });
    const kept = [`wpclone-${alive.cloneId}.tls`, `wpclone-${id}-x.tls`, 'wildcard'];
    await namespace.apply('secrets', certificate(`wpclone-${id}.tls`));
    await namespace.apply('secrets', certificate(kept[0] ?? ''));
    await namespace.apply('secrets', certificate(kept[1] ?? '', 'somebody-elses'));
    await namespace.apply('secrets', certificate(kept[2] ?? ''));
    expect(await runtime.sweep(context())).toEqual([id]);
    expect(await namespace.get(`secrets/wpclone-${id}.tls`)).toBeUndefined();
    for (const name of kept) expect(await namespace.get(`secrets/${name}`)).toBeDefined();
  });

  test('in a namespace that does not exist is no answer', async () => {
    const elsewhere = await namespace.runtime({ namespace: 'wpclone-test-missing' });
    expect((await failureOf(elsewhere.sweep(context()))).code).toBe('NAMESPACE_MISSING');
  });

  test('expired clones go, by the API server’s clock, even when this machine’s is ten minutes off', async () => {
    for (const minutes of [-10, 10]) {
      const shift = minutes * 60_000;
      const now = () => Date.now() + shift;
      const runtime = await namespace.runtime({}, { now });
      const clone = request({ expiresAt: now() + 300_000 });
      const work = context({ now });
      const lease = await runtime.provision(clone, work);
      const source = { url: 'http://source.example', wordpressVersion: '6.1', phpVersion: '8.2' };
      const record = { url: 'http://localhost:20001', source, adminUsername: 'a', adminPassword: 'b', findings: [] };
      const facts = await lease.commit({ ...record, expiresAt: now() + 300_000 }, work);
      expect(facts.state).toBe('ready');
      expect(Math.abs(facts.expiresAt - now() - 300_000)).toBeLessThan(10_000);
      // Somebody with a right clock sees the same clone, still alive, ending in five minutes.
      const other = await namespace.runtime();
      expect(await other.sweep(context())).toEqual([]);
      const seen = (await other.list(context())).find(({ id }) => id === clone.id);
      expect(seen?.state).toBe('ready');
      expect(Math.abs((seen?.expiresAt ?? 0) - Date.now() - 300_000)).toBeLessThan(10_000);
      await other.extend(clone.id, Date.now() - 120_000, context());
      expect(await runtime.sweep(work)).toEqual([clone.id]);
    }
  });
});
