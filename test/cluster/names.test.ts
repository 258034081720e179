import type { V1Secret } from '@kubernetes/client-node';
import { describe, expect, test } from 'vitest';
import { failureOf } from '../support/work.ts';
import { cloneId, context, request, useNamespace } from './support.ts';

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
    expect((await namespace.belongings()).sort()).toEqual([
      `pods/wpclone-${id}`,
      `secrets/wpclone-${id}`,
      `services/wpclone-${id}`,
    ]);
    await runtime.remove(id, context());
  });

  test('may take the name of a clone that is being deleted', async () => {
    const runtime = await namespace.runtime();
    const id = cloneId();
    await runtime.provision(request({ id }), context());
    await runtime.remove(id, context());
    expect((await runtime.provision(request({ id }), context())).id).toBe(id);
    await runtime.remove(id, context());
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
    await runtime.provision(request({ id }), work);
    expect(work.events).toContainEqual(expect.objectContaining({ code: 'SECRET_REPAIRED' }));
    await runtime.remove(id, context());
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
