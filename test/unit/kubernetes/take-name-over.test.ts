import { expect, test } from 'vitest';
import type { ClusterCall } from '../../../src/runtime/kubernetes/api/client.ts';
import { createObject } from '../../../src/runtime/kubernetes/api/objects.ts';
import { parseOptions } from '../../../src/runtime/kubernetes/options.ts';
import { claimOf } from '../../../src/runtime/kubernetes/provision/deps.ts';
import { takeName } from '../../../src/runtime/kubernetes/provision/name.ts';
import { takeNameOver } from '../../../src/runtime/kubernetes/provision/take-name-over.ts';
import { listUnits, unitOf } from '../../../src/runtime/kubernetes/unit/find.ts';
import { provisionLease, type TakeOver } from '../../../src/runtime/kubernetes/unit/lease.ts';
import * as marks from '../../../src/runtime/kubernetes/unit/names.ts';
import { passwordOf } from '../../../src/runtime/kubernetes/unit/password.ts';
import { removeClone } from '../../../src/runtime/kubernetes/unit/remove-clone.ts';
import type { Instance } from '../../../src/runtime/leases.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import { apiServer } from '../../support/api-server.ts';
import { failureOf, workContext } from '../../support/work.ts';

const LATER = new Date(Date.now() + 600_000).toISOString();

/** Clones in a namespace: each is made under a name of its own, and takes that of the shop when it is committed. */
function shop(after?: (call: ClusterCall) => unknown) {
  const { cluster, names } = apiServer(after);
  const deps = { cluster, options: parseOptions({}), version: '0.0.0', insideCluster: false };
  async function make(id: string, context = workContext()) {
    const request = { id, sourceUrl: 'http://source.example', expiresAt: Date.now() + 600_000 };
    const claim = claimOf(request, context);
    await takeName(cluster, claim, LATER, context);
    const labels = { ...marks.managedLabels('instance'), [marks.STATE_LABEL]: 'ASSIGNED', [marks.CLONE_LABEL]: id };
    const annotations = { [marks.EPOCH]: '1', [marks.CLAIM]: claim.id, [marks.JOB]: context.jobId };
    const metadata = { name: `unit-${id}`, labels, annotations: { ...annotations, [marks.DEADLINE]: LATER } };
    const mark = { annotation: marks.CLAIM, value: claim.id };
    const unit = unitOf(await createObject(cluster, 'pods', { metadata }, mark, context), id);
    const closing = new AbortController().signal;
    const options = { cluster, unit, cloneId: id, instance: { url: '' } as Instance, closing };
    const takeOver: TakeOver = (ready, work) => takeNameOver(deps, { unit, claim, name: 'shop' }, ready, work);
    const lease = provisionLease(options, context, id === 'shop' ? undefined : takeOver);
    const commit = () =>
      lease.commit(
        {
          url: 'http://localhost:20000',
          source: { url: 'http://source.example', wordpressVersion: '6.1', phpVersion: '8.2' },
          expiresAt: Date.now() + 600_000,
          adminUsername: 'me',
          adminPassword: `password of ${id}`,
          findings: [],
        },
        context,
      );
    return { lease, commit };
  }
  const seen = async () => (await listUnits(cluster, workContext(), marks.selectorOf('shop'))).map(({ name }) => name);
  return { cluster, names, make, seen, password: () => passwordOf(cluster, 'shop', workContext()) };
}

/** The one write that makes a unit the shop. */
const isChange = ({ method, path, body }: ClusterCall): boolean =>
  method === 'PATCH' && path.includes('/pods/') && JSON.stringify(body).includes(marks.REPLACES.replace('/', '~1'));

test('a job that is cancelled in the moment in which its clone takes the name over has made it: the old one is gone by then', async () => {
  const cancel = new AbortController();
  const { make, seen, password } = shop((call) => {
    if (!isChange(call)) return;
    cancel.abort(new WpcloneError('CANCELLED', 'Cancelled.'));
    call.signal.throwIfAborted();
  });
  await (await make('shop')).commit();
  expect(await (await make('new', workContext(cancel.signal))).commit()).toMatchObject({ id: 'shop' });
  expect(await seen()).toEqual(['unit-new']);
  expect(await password()).toBe('password of new');
});

test('a clone that has the name is not taken back when nobody could hear that it got it: there is no other any more', async () => {
  let away = false;
  const { make, seen, password } = shop((call) => {
    away ||= isChange(call);
    if (away) throw new WpcloneError('CLUSTER_UNREACHABLE', 'The API server is away.');
  });
  await (await make('shop')).commit();
  const { lease, commit } = await make('new');
  expect((await failureOf(commit())).code).toBe('CLUSTER_UNREACHABLE');
  away = false;
  await lease.remove(workContext());
  expect(await seen()).toEqual(['unit-new']);
  expect(await password()).toBe('password of new');
});

test('what a clone has replaced does not come back when that one is replaced or deleted before it was cleared away', async () => {
  const isRemoval = ({ method, path }: ClusterCall) => method === 'DELETE' && path.endsWith('/pods/unit-shop');
  for (const [then, left] of [
    ['replaced', ['unit-next']],
    ['deleted', []],
  ] as const) {
    let dead = true;
    const { cluster, make, seen, names } = shop();
    const send = cluster.send.bind(cluster);
    // Its agent dies before it removes the old one.
    Object.assign(cluster, {
      send: (call: ClusterCall) =>
        dead && isRemoval(call) ? Promise.reject(new WpcloneError('CLUSTER_FAILED', 'Dead.')) : send(call),
    });
    await (await make('shop')).commit();
    await (await make('new')).commit();
    expect(await seen()).toEqual(['unit-new']);
    dead = false;
    if (then === 'replaced') await (await make('next')).commit();
    else await removeClone(cluster, 'shop', workContext());
    expect(await seen()).toEqual(left);
    expect(names().filter((name) => name.startsWith('pods/'))).toEqual(left.map((name) => `pods/${name}`));
  }
});

test('of two that replace a clone one after the other the last has its own password, however late the first is with the rest', async () => {
  const [reached, go] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let first = true;
  const { make, seen, password } = shop(async ({ method, path }) => {
    if (!first || method !== 'DELETE' || !path.endsWith('/pods/unit-shop')) return;
    first = false;
    reached.resolve();
    await go.promise;
  });
  await (await make('shop')).commit();
  const one = (await make('one')).commit();
  await reached.promise;
  await (await make('two')).commit();
  expect(await password()).toBe('password of two');
  go.resolve();
  await one;
  expect(await seen()).toEqual(['unit-two']);
  expect(await password()).toBe('password of two');
});
