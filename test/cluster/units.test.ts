import { writeFileSync } from 'node:fs';
import type { V1Pod } from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import type { Cluster, ClusterCall } from '../../src/runtime/kubernetes/api/client.ts';
import { parseOptions } from '../../src/runtime/kubernetes/options.ts';
import { podManifest, secretManifest, type UnitPlan } from '../../src/runtime/kubernetes/provision/manifests.ts';
import { claimUnit } from '../../src/runtime/kubernetes/provision/provision.ts';
import { runsOf } from '../../src/runtime/kubernetes/unit/unit.ts';
import type { ProvisionLease } from '../../src/runtime/leases.ts';
import { WpcloneError } from '../../src/shared/errors.ts';
import { failureOf } from '../support/work.ts';
import { listensAt } from './pages.ts';
import {
  cloneId,
  context,
  eventually,
  IMAGE,
  killContainer,
  processesOf,
  request,
  unitPlan,
  useNamespace,
} from './support.ts';

const namespace = useNamespace('units');

const record = (url: string) => ({
  url,
  source: { url: 'http://source.example', wordpressVersion: '6.1', phpVersion: '8.2' },
  expiresAt: Date.now() + 600_000,
  adminUsername: 'me',
  adminPassword: 'of-the-clone',
  findings: [],
});

describe('a unit', () => {
  test('is made for nobody, claimed for a clone with all that belongs to one, and goes with it', async () => {
    const runtime = await namespace.runtime();
    const made = await runtime.units.make({}, context());
    expect(made).toMatchObject({ state: 'WARM', epoch: 0, uses: 0, leased: false, unschedulable: false });
    expect([made.cloneId, made.jobId]).toEqual([undefined, undefined]);
    expect(made.revision).toBe(await runtime.units.revision(context()));
    expect(Math.abs(made.createdAt - Date.now())).toBeLessThan(60_000);
    // It is no clone, and what waits for one is no leftover.
    expect(await runtime.list(context())).toEqual([]);
    expect(await runtime.sweep(context())).toEqual([]);
    expect(await namespace.belongings()).toEqual([`pods/${made.name}`, `secrets/${made.name}`]);
    await readyPod(made.name);

    // A plain clone takes it too, whoever made it; to others the name is taken.
    const [mine, id] = [context(), cloneId()];
    const lease = await runtime.provision(request({ id }), mine);
    expect([lease.instance.how, lease.epoch, await namespace.podName(id)]).toEqual(['warm', 1, made.name]);
    const own = [`pods/${made.name}`, `secrets/${made.name}`, `secrets/wpclone-${id}`, `services/wpclone-${id}`];
    expect((await namespace.belongings(id)).concat(`secrets/${made.name}`).sort()).toEqual(own);
    expect((await failureOf(runtime.provision(request({ id }), context()))).code).toBe('NAME_TAKEN');
    // The unit knows whose it is: at the clone's address it answers inside the pod too.
    await eventually(
      () => listensAt(namespace, made.name, lease.instance.url),
      'the web server listens at the address',
    );

    // The same job for the same clone, whose answer got lost: it has it already, and whoever had the answer has it no more.
    const again = await runtime.units.claim(request({ id }), mine);
    if (again.outcome !== 'claimed') throw new Error(`It is ${again.outcome}.`);
    const { instance, epoch } = again.lease;
    expect([instance.url, instance.how, epoch]).toEqual([lease.instance.url, 'taken-up', 2]);
    expect((await failureOf(lease.commit(record(instance.url), mine))).code).toBe('CLUSTER_CONFLICT');
    const [report] = await runtime.units.list(mine);
    expect(report).toMatchObject({ state: 'ASSIGNED', cloneId: id, jobId: mine.jobId, uses: 1, leased: true });

    const refused = await Promise.all([
      failureOf(runtime.remove(id, context())),
      failureOf(runtime.units.retire(made.name, context())),
      failureOf(runtime.units.quarantine(made.name, context())),
    ]);
    expect(refused.map(({ code }) => code)).toEqual(['BUSY', 'BUSY', 'BUSY']);
    await again.lease.commit(record(instance.url), mine);
    expect(await runtime.password(id, context())).toBe('of-the-clone');
    expect((await failureOf(runtime.units.retire(made.name, context()))).code).toBe('BUSY');

    // A reset is a lease of its own: whoever acted for the clone before is refused, by the sidecar too.
    const before = await runtime.get(id, context());
    await before.instance.operations.listMail(context().signal);
    const reset = await runtime.takeForReset(id, mine);
    expect(reset.epoch).toBe(3);
    await reset.instance.operations.listMail(context().signal);
    const late = failureOf(before.instance.operations.listMail(context().signal));
    expect(await late).toMatchObject({ code: 'CLUSTER_CONFLICT' });
    expect((await failureOf(runtime.remove(id, context()))).message).toBe(`${id} is being reset by another wpclone.`);
    await reset.commit(mine);
    await runtime.remove(id, context());
    expect(await namespace.belongings()).toEqual([]);
  });

  test('is claimed once, however many want it at the same moment; the others leave nothing', async () => {
    const [one, other] = [await namespace.runtime(), await namespace.runtime()];
    const made = await Promise.all([one.units.make({}, context()), other.units.make({}, context())]);
    await Promise.all(made.map(({ name }) => readyPod(name)));
    const claims = await Promise.all(
      Array.from({ length: 12 }, (_, index) => (index % 2 === 0 ? one : other).units.claim(request(), context())),
    );
    const leases = claims.flatMap((claim) => (claim.outcome === 'claimed' ? [claim.lease] : []));
    expect(leases).toHaveLength(2);
    expect(new Set(leases.map(({ instance }) => instance.url)).size).toBe(2);
    // Who looked late, when both were gone, found none to lose.
    const others = claims.filter(({ outcome }) => outcome !== 'claimed');
    expect(others.filter(({ outcome }) => outcome !== 'contended' && outcome !== 'none')).toEqual([]);
    expect(await other.units.claim(request(), context())).toEqual({ outcome: 'none' });
    const names = (await namespace.belongings()).filter((name) => name.startsWith('secrets/wpclone-'));
    expect(names.sort()).toEqual(leases.map((lease) => `secrets/wpclone-${lease.cloneId}`).sort());
    await Promise.all(leases.map((lease: ProvisionLease) => lease.remove(context())));
    expect(await namespace.belongings()).toEqual([]);
  });

  test('is not lost when the answer to its claim is: the job that asks again goes on with it', async () => {
    const runtime = await namespace.runtime();
    const { name } = await runtime.units.make({}, context());
    await readyPod(name);
    const [mine, wanted] = [context(), request()];
    const gone = new WpcloneError('CLUSTER_UNREACHABLE', 'The answer was lost, and then the job was killed.');
    let claimed = false;
    const dying: Cluster = {
      ...namespace.cluster,
      async send<T>(call: ClusterCall): Promise<T> {
        if (claimed) throw gone;
        const answer = await namespace.cluster.send<T>(call);
        claimed = call.method === 'PATCH' && call.path.endsWith(`/pods/${name}`);
        if (claimed) throw gone;
        return answer;
      },
    };
    const deps = { options: parseOptions({ image: IMAGE }), version: '0.1.0', insideCluster: false };
    expect(await failureOf(claimUnit({ ...deps, cluster: dying }, wanted, mine))).toBe(gone);
    expect((await failureOf(runtime.provision(wanted, context()))).code).toBe('NAME_TAKEN');
    const lease = await runtime.provision(wanted, mine);
    expect([await namespace.podName(wanted.id), lease.epoch]).toEqual([name, 2]);
    await lease.remove(mine);
    expect(await namespace.belongings()).toEqual([]);
  });

  test('is one unit also for a job that claims twice at the same moment: the later one has it, the other hears that it lost it', async () => {
    const runtime = await namespace.runtime();
    const { name } = await runtime.units.make({}, context());
    await readyPod(name);
    const [mine, wanted] = [context(), request()];
    const claims = await Promise.allSettled([runtime.provision(wanted, mine), runtime.provision(wanted, mine)]);
    const leases = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []));
    const units = (await runtime.units.list(mine)).filter(({ cloneId: id }) => id === wanted.id);
    expect(units).toHaveLength(1);
    // Where one made a unit of its own, both may be in their first epoch: that of the unit that is gone has lost it.
    const isMade = units[0]?.name !== name;
    const last = leases.find(
      ({ epoch, instance: { how } }) => epoch === units[0]?.epoch && (epoch > 1 || (how === 'created') === isMade),
    );
    const again = last ?? (await runtime.provision(wanted, mine));
    const others = leases.filter((lease) => lease !== last);
    await Promise.all(others.map((lease) => failureOf(lease.commit(record(lease.instance.url), mine))));
    await again.commit(record(again.instance.url), mine);
    await runtime.remove(wanted.id, context());
    for (const unit of await runtime.units.list(mine)) await runtime.units.retire(unit.name, context());
    expect(await namespace.belongings()).toEqual([]);
  });

  test('that the kubelet calls ready and that answers nothing costs a clone some seconds, and goes', async () => {
    const runtime = await namespace.runtime();
    const plan = unitPlan(IMAGE, { revision: await runtime.units.revision(context()) });
    await namespace.apply('secrets', secretManifest(plan));
    await namespace.apply('pods', silentPod(plan));
    await readyPod(plan.name);
    const runs = runsOf((await namespace.get(`pods/${plan.name}`)) ?? {});
    await namespace.patch(`pods/${plan.name}`, { metadata: { annotations: { 'wpclone.dev/proven-runs': runs } } });
    const warned: unknown[] = [];
    const { log } = context();
    const warn = (message: string, fields?: object): void => void warned.push([message, { ...fields }]);
    const lease = await runtime.provision(request(), context({ log: { ...log, warn } }));
    expect(lease.instance.how).toBe('created');
    // Not for as long as an API server that is away is waited for, whose error it looks like.
    const why = expect.objectContaining({ unit: plan.name, code: 'PROVISION_TIMED_OUT' });
    expect(warned).toEqual([['a unit could not be had', why]]);
    expect(await namespace.belongings()).not.toContain(`pods/${plan.name}`);
    await lease.remove(context());
    expect(await namespace.belongings()).toEqual([]);
  });

  test('of another revision is left alone, and so is one whose container was started again since it was proven', async () => {
    const runtime = await namespace.runtime();
    const { name } = await runtime.units.make({}, context());
    await readyPod(name);
    const others = await namespace.runtime({ storage: { site: '1Gi' } });
    expect(await others.units.claim(request(), context())).toEqual({ outcome: 'none' });
    expect((await runtime.units.validate(name, context())).every(({ ok }) => ok)).toBe(true);

    await killContainer(namespace, name, 'web');
    await eventually(async () => {
      const statuses = (await namespace.get(`pods/${name}`))?.status?.containerStatuses ?? [];
      return statuses.some(({ restartCount }) => restartCount > 0) && statuses.every(({ ready }) => ready)
        ? true
        : undefined;
    }, 'the kubelet starts it again');
    await readyPod(name);
    expect(await runtime.units.claim(request(), context())).toEqual({ outcome: 'none' });
    const findings = await runtime.units.validate(name, context());
    expect(findings.filter(({ ok }) => !ok).map(({ check }) => check)).toEqual(['never-restarted']);
    expect(await stateOf(name)).toBe('QUARANTINED');
    await runtime.units.retire(name, context());
    await runtime.units.retire(name, context());
    expect(await namespace.belongings()).toEqual([]);
  });

  test('with anything of anybody in it is not handed out', async () => {
    const runtime = await namespace.runtime();
    const { name } = await runtime.units.make({}, context());
    const [pid] = await processesOf(namespace, name, 'web');
    writeFileSync(`/proc/${pid}/root/wpclone/www/left-behind.php`, '<?php');
    const findings = await runtime.units.validate(name, context());
    const found = findings.filter(({ ok }) => !ok).map(({ check, detail }) => `${check}: ${detail}`);
    expect(found).toEqual(['empty-files: 1 left']);
    expect(await stateOf(name)).toBe('QUARANTINED');
    // What nobody looks at in time goes with the next sweep.
    const past = new Date(Date.now() - 1000).toISOString();
    await namespace.patch(`pods/${name}`, { metadata: { annotations: { 'wpclone.dev/deadline': past } } });
    expect(await runtime.sweep(context())).toEqual([name]);
    expect(await namespace.belongings()).toEqual([]);
  });

  test('that is half made, and a lock without one, go after their time; until then the name is somebody’s', async () => {
    const runtime = await namespace.runtime();
    const id = cloneId();
    const lock = (deadline: number) => ({
      metadata: {
        name: `wpclone-${id}`,
        labels: {
          'app.kubernetes.io/managed-by': 'wpclone',
          'app.kubernetes.io/component': 'instance',
          'wpclone.dev/clone': id,
        },
        annotations: { 'wpclone.dev/claim': 'job-dead/x', 'wpclone.dev/deadline': new Date(deadline).toISOString() },
      },
    });
    await namespace.apply('secrets', lock(Date.now() + 60_000));
    expect((await failureOf(runtime.remove(id, context()))).code).toBe('BUSY');
    expect(await runtime.sweep(context())).toEqual([]);
    await namespace.remove(`secrets/wpclone-${id}`);
    await namespace.apply('secrets', lock(Date.now() - 1000));
    expect(await runtime.sweep(context())).toEqual([id]);
    expect(await namespace.belongings()).toEqual([]);
  });
});

/** A unit that waits for a clone, by its marks; nothing listens in it. */
function silentPod(plan: UnitPlan): V1Pod {
  const pod = podManifest(plan, parseOptions({ image: IMAGE }));
  for (const container of pod.spec?.containers ?? []) {
    delete container.readinessProbe;
    delete container.livenessProbe;
    container.command = ['sleep', '600'];
    container.args = [];
  }
  return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata?.labels, 'wpclone.dev/state': 'WARM' } } };
}

const stateOf = async (name: string) => (await namespace.get(`pods/${name}`))?.metadata?.labels?.['wpclone.dev/state'];

/** The kubelet says so a moment after the sidecar. */
const readyPod = (name: string) =>
  eventually(async () => {
    const conditions = (await namespace.get(`pods/${name}`))?.status?.conditions ?? [];
    return conditions.some(({ type, status }) => type === 'Ready' && status === 'True') ? true : undefined;
  }, 'the kubelet says that it is ready');
