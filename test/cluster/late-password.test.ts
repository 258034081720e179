import { expect, test } from 'vitest';
import type { Cluster } from '../../src/runtime/kubernetes/api/client.ts';
import { lockManifest } from '../../src/runtime/kubernetes/provision/name.ts';
import { transition } from '../../src/runtime/kubernetes/unit/cas.ts';
import { findUnit } from '../../src/runtime/kubernetes/unit/find.ts';
import { PASSWORD, passwordOf, writePassword } from '../../src/runtime/kubernetes/unit/password.ts';
import type { Unit } from '../../src/runtime/kubernetes/unit/unit.ts';
import { failureOf } from '../support/work.ts';
import { ABSENT_IMAGE, cloneId, context, holdingPod, unitPlan, useNamespace } from './support.ts';

const namespace = useNamespace('late-password');

test('a password is written by whoever has the unit, and by nobody who was overtaken in the middle of writing it', async () => {
  const id = cloneId();
  const plan = unitPlan(ABSENT_IMAGE);
  await namespace.apply('pods', holdingPod(plan, id, 'ASSIGNED'));
  await namespace.apply('secrets', lockManifest({ id: `${plan.jobId}/${id}`, cloneId: id }, plan.deadline));
  const first = await findUnit(namespace.cluster, id, context());
  const write = (by: Unit, password: string, cluster = namespace.cluster) =>
    writePassword(cluster, { unit: by, cloneId: id, key: PASSWORD }, password, context());
  let isOvertaken = false;
  const overtaken: Cluster = {
    ...namespace.cluster,
    async send<T>(call: Parameters<Cluster['send']>[0]): Promise<T> {
      if (call.method === 'PATCH' && !isOvertaken) {
        isOvertaken = true;
        await transition(namespace.cluster, first, { to: 'ASSIGNED', newEpoch: true }, context());
        await write(await findUnit(namespace.cluster, id, context()), 'of the second');
      }
      return namespace.cluster.send<T>(call);
    },
  };
  expect((await failureOf(write(first, 'of the first', overtaken))).code).toBe('CLUSTER_CONFLICT');
  expect(await passwordOf(namespace.cluster, id, context())).toBe('of the second');
});
