import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Secret } from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import type { Cluster } from '../../src/runtime/kubernetes/api/client.ts';
import { lockManifest, takeName } from '../../src/runtime/kubernetes/provision/name.ts';
import { ownerOf } from '../../src/runtime/kubernetes/provision/network-manifests.ts';
import { failureOf } from '../support/work.ts';
import { ABSENT_IMAGE, cloneId, context, holdingPod, request, unitPlan, useNamespace } from './support.ts';

const namespace = useNamespace('names');

describe('a clone', () => {
  test('takes a name once, also when two ask at the same moment', async () => {
    const runtime = await namespace.runtime();
    const id = cloneId();
    const both = await Promise.allSettled([
      runtime.provision(request({ id }), context()),
      runtime.provision(request({ id }), context()),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((each) => each.status === 'rejected')?.reason).toMatchObject({ code: 'NAME_TAKEN' });
    expect((await failureOf(runtime.provision(request({ id }), context()))).code).toBe('NAME_TAKEN');
    // The losers' clean-up left the winner alone.
    const unit = await namespace.podName(id);
    expect(unit).toMatch(/^unit-[0-9a-f]{10}$/);
    const own = [`pods/${unit}`, `secrets/${unit}`, `secrets/wpclone-${id}`, `services/wpclone-${id}`];
    expect((await namespace.belongings()).sort()).toEqual(own);
    const [won] = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    await won?.remove(context());
    expect(await namespace.belongings()).toEqual([]);
  });

  test('has a port of its own, also when two choose at the same moment', async () => {
    const runtime = await namespace.runtime();
    const together = [cloneId(), cloneId()].map((id) => {
      let first = true;
      // Both begin with the same port.
      const chance = (size: number): Buffer => {
        const same = first && size === 4;
        if (same) first = false;
        return same ? Buffer.alloc(4) : randomBytes(size);
      };
      return runtime.provision(request({ id }), context({ randomBytes: chance }));
    });
    const [one, other] = await Promise.all(together);
    expect(one?.instance.url).not.toBe(other?.instance.url);
    await Promise.all([one, other].flatMap((lease) => (lease === undefined ? [] : [lease.remove(context())])));
    expect(await namespace.belongings()).toEqual([]);
  });

  test('may take the name of a clone that is being deleted', async () => {
    const runtime = await namespace.runtime();
    const id = cloneId();
    await (await runtime.provision(request({ id }), context())).remove(context());
    const again = await runtime.provision(request({ id }), context());
    expect(again.cloneId).toBe(id);
    await again.remove(context());
  });

  test('replaces the Secret of a crashed attempt, whatever passwords are in it', async () => {
    const runtime = await namespace.runtime();
    const id = cloneId();
    const leftover = (deadline: number): V1Secret => ({
      metadata: {
        name: `wpclone-${id}`,
        labels: {
          'app.kubernetes.io/managed-by': 'wpclone',
          'app.kubernetes.io/component': 'instance',
          'wpclone.dev/clone': id,
        },
        annotations: { 'wpclone.dev/deadline': new Date(deadline).toISOString(), 'wpclone.dev/claim': 'somebody-else' },
      },
      stringData: { token: 'old', 'database-password': 'old', 'root-password': 'old' },
    });
    await namespace.apply('secrets', leftover(Date.now() + 60_000));
    expect((await failureOf(runtime.provision(request({ id }), context()))).code).toBe('NAME_TAKEN');
    await namespace.remove(`secrets/wpclone-${id}`);
    await namespace.apply('secrets', leftover(Date.now() - 1000));
    const work = context();
    const lease = await runtime.provision(request({ id }), work);
    expect(work.events).toContainEqual(expect.objectContaining({ code: 'SECRET_REPAIRED' }));
    await lease.remove(context());
  });

  test('does not take the lock of a clone whose unit is claimed in this very moment for a leftover', async () => {
    const id = cloneId();
    const name = `wpclone-${id}`;
    const deadline = new Date(Date.now() + 600_000).toISOString();
    const plan = unitPlan(ABSENT_IMAGE);
    await namespace.apply('secrets', lockManifest({ id: 'job-first/x', cloneId: id }, deadline));
    let looks = 0;
    const slow: Cluster = {
      ...namespace.cluster,
      async send(call) {
        // The first look is for a lock of one's own whose answer was lost.
        if (call.method === 'GET' && call.path.endsWith(`/secrets/${name}`) && (looks += 1) === 2) {
          // Whatever is asked at the same time has been answered; then the unit is there, and owns the lock.
          await sleep(300);
          await namespace.apply('pods', holdingPod(plan, id, 'ASSIGNED'));
          const { uid = '' } = (await namespace.get(`pods/${plan.name}`))?.metadata ?? {};
          const ownerReferences = [ownerOf({ name: plan.name, uid })];
          await namespace.patch(`secrets/${name}`, { metadata: { ownerReferences } });
        }
        return namespace.cluster.send(call);
      },
    };
    const late = failureOf(takeName(slow, { id: 'job-second/x', cloneId: id }, deadline, context()));
    expect((await late).code).toBe('NAME_TAKEN');
    expect(await namespace.get(`secrets/${name}`)).toBeDefined();
    await namespace.remove(`pods/${plan.name}`);
    await namespace.remove(`secrets/${name}`);
  });

  test('leaves a Secret alone that only has the name of a clone’s', async () => {
    const runtime = await namespace.runtime();
    const id = cloneId();
    await namespace.apply('configmaps', { metadata: { name: 'owner' } });
    const { uid } = (await namespace.get('configmaps/owner'))?.metadata ?? {};
    await namespace.apply('secrets', {
      metadata: {
        name: `wpclone-${id}`,
        ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }],
      },
      stringData: { precious: 'yes' },
    });
    const refusal = {
      code: 'NAME_TAKEN',
      message: expect.stringContaining(`a Secret wpclone-${id} that is not wpclone's`),
    };
    await expect(runtime.provision(request({ id }), context())).rejects.toMatchObject(refusal);
    await runtime.sweep(context());
    expect(await namespace.get<V1Secret>(`secrets/wpclone-${id}`)).toMatchObject({ data: { precious: 'eWVz' } });
  });
});
