import { expect, test } from 'vitest';
import type { ClusterCall } from '../../../src/runtime/kubernetes/api/client.ts';
import { createObject } from '../../../src/runtime/kubernetes/api/objects.ts';
import { parseOptions } from '../../../src/runtime/kubernetes/options.ts';
import { takeUp } from '../../../src/runtime/kubernetes/provision/claim.ts';
import { type Claim, claimOf } from '../../../src/runtime/kubernetes/provision/deps.ts';
import { takeName } from '../../../src/runtime/kubernetes/provision/name.ts';
import { takeNameOver } from '../../../src/runtime/kubernetes/provision/take-name-over.ts';
import { unitOf } from '../../../src/runtime/kubernetes/unit/find.ts';
import { provisionLease, type TakeOver } from '../../../src/runtime/kubernetes/unit/lease.ts';
import * as marks from '../../../src/runtime/kubernetes/unit/names.ts';
import { passwordOf } from '../../../src/runtime/kubernetes/unit/password.ts';
import { removeUnit } from '../../../src/runtime/kubernetes/unit/remove.ts';
import type { Unit } from '../../../src/runtime/kubernetes/unit/unit.ts';
import type { Instance } from '../../../src/runtime/leases.ts';
import { apiServer } from '../../support/api-server.ts';
import { failureOf, workContext } from '../../support/work.ts';

const LATER = new Date(Date.now() + 600_000).toISOString();

/** A namespace in which jobs make the clone `id`, which is called `name` when it is ready. */
function making(id: string, name = id, after?: (call: ClusterCall) => unknown) {
  const { cluster } = apiServer(after);
  const deps = { cluster, options: parseOptions({}), version: '0.0.0', insideCluster: false };
  const request = { id, sourceUrl: 'http://source.example', expiresAt: Date.now() + 600_000 };

  /** A unit that was just assigned to a job. */
  async function assigned(pod: string, context = workContext()) {
    const claim = claimOf(request, context);
    await takeName(cluster, claim, LATER, context);
    const labels = { ...marks.managedLabels('instance'), [marks.STATE_LABEL]: 'ASSIGNED', [marks.CLONE_LABEL]: id };
    const annotations = { [marks.EPOCH]: '1', [marks.CLAIM]: claim.id, [marks.JOB]: context.jobId };
    const metadata = { name: pod, labels, annotations: { ...annotations, [marks.DEADLINE]: LATER } };
    const mark = { annotation: marks.CLAIM, value: claim.id };
    return { claim, unit: unitOf(await createObject(cluster, 'pods', { metadata }, mark, context), id) };
  }

  function commit(unit: Unit, claim: Claim, adminPassword: string) {
    const closing = new AbortController().signal;
    const options = { cluster, unit, cloneId: id, instance: { url: '' } as Instance, closing };
    const takeOver: TakeOver = (ready, work) => takeNameOver(deps, { unit, claim, name }, ready, work);
    const lease = provisionLease(options, workContext(), name === id ? undefined : takeOver);
    const source = { url: 'http://source.example', wordpressVersion: '6.1', phpVersion: '8.2' };
    const record = { url: 'http://localhost:20000', source, expiresAt: Date.now() + 600_000, findings: [] };
    return lease.commit({ ...record, adminUsername: 'me', adminPassword }, workContext());
  }
  return { cluster, deps, assigned, commit, password: () => passwordOf(cluster, name, workContext()) };
}

for (const [what, name] of [
  ['a clone', 'shop'],
  ['a clone that takes the name of another', 'name'],
] as const)
  test(`an attempt that was overtaken leaves the password of ${what} as the one that overtook it has written it`, async () => {
    const { deps, assigned, commit, password } = making('shop', name);
    const { unit, claim } = await assigned('unit-1');
    const next = await takeUp(deps, unit, claim, workContext());
    await commit(next, claim, 'of the second');
    expect(await failureOf(commit(unit, claim, 'of the first'))).toMatchObject({ code: 'CLUSTER_CONFLICT' });
    expect(await password()).toBe('of the second');
  });

test('a job that slept beyond its time leaves the password of the clone that has its name by now', async () => {
  const { cluster, assigned, commit, password } = making('shop');
  const first = await assigned('unit-1', workContext());
  await removeUnit(cluster, first.unit, () => true, workContext());
  const second = await assigned('unit-2', { ...workContext(), jobId: 'job-of-another' });
  await commit(second.unit, second.claim, 'of the second');
  expect(await failureOf(commit(first.unit, first.claim, 'of the first'))).toMatchObject({ code: 'INSTANCE_LOST' });
  expect(await password()).toBe('of the second');
});

test('an attempt that is overtaken in the moment in which it writes the password writes it before the other or not at all', async () => {
  let overtake = async (): Promise<void> => undefined;
  const { deps, assigned, commit, password } = making('shop', 'shop', async ({ method, path }) => {
    if (method !== 'GET' || !path.endsWith('/pods/unit-1')) return;
    const go = overtake;
    overtake = async () => undefined;
    await go();
  });
  const { unit, claim } = await assigned('unit-1');
  overtake = async () => {
    await commit(await takeUp(deps, unit, claim, workContext()), claim, 'of the second');
  };
  expect(await failureOf(commit(unit, claim, 'of the first'))).toMatchObject({ code: 'CLUSTER_CONFLICT' });
  expect(await password()).toBe('of the second');
});
