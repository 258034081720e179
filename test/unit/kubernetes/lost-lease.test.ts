import { expect, test } from 'vitest';
import { createObject, deleteObject, mergeObject } from '../../../src/runtime/kubernetes/api/objects.ts';
import { unitOf } from '../../../src/runtime/kubernetes/unit/find.ts';
import { provisionLease } from '../../../src/runtime/kubernetes/unit/lease.ts';
import * as marks from '../../../src/runtime/kubernetes/unit/names.ts';
import type { Instance } from '../../../src/runtime/leases.ts';
import { apiServer } from '../../support/api-server.ts';
import { workContext } from '../../support/work.ts';

test('a pod that goes away while nothing is asked of it is told from one that somebody else has taken: another pod may do', async () => {
  for (const [what, code] of [
    ['deleted', 'INSTANCE_LOST'],
    ['taken', 'LEASE_LOST'],
  ]) {
    const { cluster } = apiServer();
    // A minute, after which it is said that somebody still works on it.
    const context = { ...workContext(), sleep: () => new Promise<void>((resolve) => setImmediate(resolve)) };
    const labels = { ...marks.managedLabels('instance'), [marks.STATE_LABEL]: 'ASSIGNED', [marks.CLONE_LABEL]: 'mine' };
    const metadata = { name: 'unit-mine', labels, annotations: { [marks.EPOCH]: '1', [marks.CLAIM]: 'job-1/mine' } };
    const mark = { annotation: marks.CLAIM, value: 'job-1/mine' };
    const unit = unitOf(await createObject(cluster, 'pods', { metadata }, mark, context), 'mine');
    const instance = { url: '' } as Instance;
    const closing = new AbortController();
    const lease = provisionLease({ cluster, unit, cloneId: 'mine', instance, closing: closing.signal }, context);
    const lost = new Promise((resolve) => lease.lost.addEventListener('abort', resolve));
    if (what === 'deleted') await deleteObject(cluster, 'pods', unit, context);
    else await mergeObject(cluster, 'pods', unit.name, { metadata: { annotations: { [marks.EPOCH]: '2' } } }, context);
    await lost;
    expect(lease.lost.reason).toMatchObject({ code, details: { name: 'mine' } });
    closing.abort();
  }
});
