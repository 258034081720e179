import { expect, test } from 'vitest';
import type { Cluster } from '../../../src/runtime/kubernetes/api/client.ts';
import { createTending } from '../../../src/runtime/kubernetes/tending.ts';
import { keepAlive } from '../../../src/runtime/kubernetes/unit/keep-alive.ts';
import { DEADLINE } from '../../../src/runtime/kubernetes/unit/names.ts';
import type { Unit } from '../../../src/runtime/kubernetes/unit/unit.ts';
import { workContext } from '../../support/work.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Two clocks: the API server's, and ours, which a test sets. The server's is known from its answers. Real ones are in test/cluster. */
function clocks(answer: (body: unknown) => unknown) {
  let [server, set, offset] = [Date.parse('2026-01-01T12:00:00Z'), 0, 0];
  const now = (): number => server + set;
  const cluster = {
    namespace: 'clones',
    clockOffset: () => offset,
    hasAnswered: () => true,
    send: (call: { body?: unknown }) => {
      offset = server - now();
      return Promise.resolve(answer(call.body));
    },
  } as unknown as Cluster;
  return {
    cluster,
    now,
    server: () => server,
    set: (milliseconds: number) => (set += milliseconds),
    pass: (milliseconds: number) => (server += milliseconds),
  };
}

test('work whose clock is set back in the middle of it does not say that its time was over an hour ago', async () => {
  const deadlines: number[] = [];
  const path = `/metadata/annotations/${DEADLINE.replaceAll('/', '~1')}`;
  const { cluster, now, server, set, pass } = clocks((body) => {
    const changes = body as readonly { readonly path: string; readonly value: string }[];
    deadlines.push(Date.parse(changes.find((change) => change.path === path)?.value ?? ''));
    return {};
  });
  const stop = new AbortController();
  let rounds = 0;
  const sleep = (): Promise<void> => {
    pass(MINUTE);
    rounds += 1;
    if (rounds === 2) set(-HOUR);
    if (rounds === 3) stop.abort();
    return stop.signal.aborted ? Promise.reject(new Error('over')) : Promise.resolve();
  };
  const unit = { name: 'unit-a', uid: 'u', state: 'ASSIGNED', epoch: 1 } as Unit;
  keepAlive(cluster, unit, { ...workContext(stop.signal), now, sleep }, () => undefined);
  await expect.poll(() => rounds).toBe(3);
  expect((deadlines.at(-1) ?? 0) - server()).toBeGreaterThan(3 * MINUTE);
});

test('whoever clears up for all says so also after its clock was set back, and a dead one is not waited for longer than a minute by ours', async () => {
  let lease: { readonly metadata: object } | undefined;
  let version = 0;
  const { cluster, now, set, pass } = clocks((body) => {
    if (body === undefined && lease === undefined) throw Object.assign(new Error('none'), { details: { status: 404 } });
    if (body !== undefined) {
      version += 1;
      lease = { ...body, metadata: { resourceVersion: String(version) } };
    }
    return lease;
  });
  const work = { ...workContext(), now };
  const [one, two] = [createTending(cluster, work, 'one'), createTending(cluster, work, 'two')];
  lease = { metadata: { resourceVersion: '0' } };
  expect([await one.may(work), await two.may(work)]).toEqual([true, false]);
  const before = version;
  set(-HOUR);
  expect(await one.may(work)).toBe(true);
  expect(version).toBe(before + 1);
  expect(await two.may(work)).toBe(false);
  pass(MINUTE + 1);
  expect(await two.may(work)).toBe(true);
});
