import { afterAll, beforeAll, expect, test } from 'vitest';
import { request as undici } from 'undici';
import { instanceContext } from '../support/copied-clone.ts';
import { pullInto } from '../support/pulled-clone.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { failureOf } from '../support/work.ts';
import { makeAsBefore } from './made-by-0.1.0.ts';
import { cloneId, context, eventually, HOST, request, useNamespace } from './support.ts';

const namespace = useNamespace('older');
let source: Source;

beforeAll(async () => {
  source = await startSource({ host: HOST, posts: 3 });
});
afterAll(() => source.stop());

test('a clone of 0.1.0, whose pod is called after it, is listed, opened, extended, reset and deleted like any other', async () => {
  const runtime = await namespace.runtime();
  const id = cloneId('older');
  await makeAsBefore(namespace, id, 'http://127.0.0.1:20017');
  const { instance, facts } = await eventually(async () => {
    const found = await runtime.get(id, context());
    const asked = found.instance.operations.listMail(context().signal);
    return asked.then(
      () => found,
      () => undefined,
    );
  }, 'its sidecar answers');
  expect(facts).toMatchObject({ id, state: 'ready', url: 'http://127.0.0.1:20017', adminUsername: 'wpclone-abcd' });
  await eventually(
    async () => ((await namespace.get(`pods/wpclone-${id}`))?.status?.conditions?.some(isReady) ? true : undefined),
    'it is ready',
  );
  await pullInto(instance, source, id);
  expect((await runtime.list(context())).map((clone) => clone.id)).toEqual([id]);
  expect(await runtime.password(id, context())).toBe('admin-of-before');
  expect(await runtime.units.list(context())).toMatchObject([
    { name: `wpclone-${id}`, state: 'READY', cloneId: id, revision: '', uses: 1, leased: false },
  ]);
  // Its name is taken, its port too, and it is nobody's to hand out.
  expect((await failureOf(runtime.provision(request({ id }), context()))).code).toBe('NAME_TAKEN');
  expect(await runtime.units.claim(request(), context())).toEqual({ outcome: 'none' });

  const lease = await runtime.takeForReset(id, context());
  await lease.instance.operations.reset(undefined, instanceContext());
  expect((await lease.commit(context())).state).toBe('ready');
  const ip = (await namespace.pod(id))?.status?.podIP;
  const front = await undici(`http://${ip}:8080/`, { headers: { host: '127.0.0.1:20017' } });
  expect([front.statusCode, await front.body.text()]).toEqual([200, expect.stringContaining('Paper Street')]);

  const later = Date.now() + 7_200_000;
  expect(Math.abs((await runtime.extend(id, later, context())).expiresAt - later)).toBeLessThan(10_000);
  expect(await runtime.sweep(context())).toEqual([]);
  await runtime.remove(id, context());
  expect(await namespace.belongings()).toEqual([]);
});

const isReady = ({ type, status }: { readonly type: string; readonly status: string }): boolean =>
  type === 'Ready' && status === 'True';
