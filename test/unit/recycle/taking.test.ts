import type { V1Pod } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import type { Cluster } from '../../../src/runtime/kubernetes/api/client.ts';
import type { ProvisionDeps } from '../../../src/runtime/kubernetes/provision/deps.ts';
import { heldBackUntil } from '../../../src/runtime/kubernetes/unit/back-off.ts';
import { takeToRecycle } from '../../../src/runtime/kubernetes/recycle/take.ts';
import { requireSameSidecar, untilNew } from '../../../src/runtime/kubernetes/recycle/wait.ts';
import { isRecyclable, type Unit } from '../../../src/runtime/kubernetes/unit/unit.ts';
import { failureOf, workContext } from '../../support/work.ts';

const ENDED = Date.parse('2026-01-01T12:00:00.250Z');

/** An API server that gives one answer after the other. The real one is in test/cluster. */
function clusterThat(...answers: object[]) {
  const asked: { readonly method: string; readonly body?: unknown }[] = [];
  const cluster = {
    namespace: 'clones',
    clockOffset: () => 0,
    hasAnswered: () => true,
    send: (call: { method: string; body?: unknown }) => {
      asked.push(call);
      return Promise.resolve(answers.length > 1 ? answers.shift() : answers[0]);
    },
  } as unknown as Cluster;
  return { deps: { cluster, insideCluster: false } as unknown as ProvisionDeps, asked };
}

const unit = {
  name: 'unit-a',
  uid: 'u',
  state: 'READY',
  epoch: 3,
  cloneId: 'a',
  golden: 'g',
  expiresAt: ENDED,
  heldUntil: undefined,
  replaces: undefined,
  ended: false,
} as Unit;

const podWith = (web: string, containerID: string, imageID = 'i') => ({
  metadata: { uid: 'u' },
  status: {
    containerStatuses: [
      { name: 'web', containerID, imageID, state: { running: { startedAt: web } } },
      {
        name: 'database',
        containerID: `d-${containerID}`,
        imageID,
        state: { running: { startedAt: '2026-01-01T12:00:02Z' } },
      },
    ],
  },
});
const BEFORE = podWith('2026-01-01T11:00:00Z', 'old') as unknown as V1Pod;
const ended = { before: BEFORE, after: ENDED, containers: ['web', 'database'] };

test('a container that was started before the clone was shut out, or in the same second, is not taken for a new one', async () => {
  const { deps, asked } = clusterThat(
    podWith('2026-01-01T11:59:59Z', 'b'),
    podWith('2026-01-01T12:00:00Z', 'c'),
    podWith('2026-01-01T12:00:01Z', 'd'),
  );
  const context = { ...workContext(), sleep: () => Promise.resolve() };
  await untilNew(deps, unit, ended, Date.now() + 60_000, context);
  expect(asked).toHaveLength(3);
  const old = clusterThat(podWith('2026-01-01T12:00:00Z', 'c'));
  const late = untilNew(old.deps, unit, ended, Date.now() - 1, context);
  expect((await failureOf(late)).message).toMatch(/not used again: its containers were not started anew in time/);
});

test('a container that is the same as before is no new one, wherever the clock was set to, nor is one of another image', async () => {
  const context = { ...workContext(), sleep: () => Promise.resolve() };
  const same = clusterThat(podWith('2026-01-01T13:00:00Z', 'old'));
  const late = untilNew(same.deps, unit, ended, Date.now() - 1, context);
  expect((await failureOf(late)).message).toMatch(/not started anew/);
  const other = clusterThat(podWith('2026-01-01T12:00:01Z', 'd', 'another'));
  const wrong = untilNew(other.deps, unit, ended, Date.now() + 60_000, context);
  expect((await failureOf(wrong)).message).toMatch(/web was started from another image/);
});

test('a sidecar that was started again while the clone lived is not asked: the clone’s code may answer in its place', () => {
  const pod = (containerID: string, restartCount: number) =>
    ({ status: { containerStatuses: [{ name: 'sidecar', containerID, restartCount }] } }) as V1Pod;
  const proven = { ...unit, provenRuns: 'database:aaa:0 sidecar:bbb:0 web:ccc:0' };
  expect(() => requireSameSidecar(proven, pod('x://bbb', 0))).not.toThrow();
  expect(() => requireSameSidecar(proven, pod('x://bbb', 1))).toThrow(/its sidecar was started again/);
  expect(() => requireSameSidecar(proven, pod('x://ddd', 0))).toThrow(/its sidecar was started again/);
  expect(() => requireSameSidecar({ ...unit, provenRuns: undefined }, pod('x://bbb', 0))).toThrow(/again/);
});

test('a unit whose containers the kubelet would keep waiting is not used again before that time is over', async () => {
  const since = Date.parse('2026-01-01T12:00:00Z');
  const pod = (...restarts: readonly number[]): V1Pod => ({
    status: {
      containerStatuses: restarts.map((restartCount, index) => ({
        name: `c${index}`,
        image: 'i',
        imageID: 'i',
        ready: true,
        restartCount,
        state: { running: { startedAt: new Date(since) } },
      })),
    },
  });
  expect(heldBackUntil(pod(1, 1, 1))).toBeUndefined();
  expect(heldBackUntil({})).toBeUndefined();
  const until = heldBackUntil(pod(0, 2, 1));
  expect(until).toBe(since + 600_000);
  const held = { ...unit, heldBackUntil: until };
  expect([isRecyclable(held, since + 599_000), isRecyclable(held, since + 601_000)]).toEqual([false, true]);
  const { deps, asked } = clusterThat({});
  const early = takeToRecycle(deps, held, { ...workContext(), now: () => since + 599_000 });
  expect((await failureOf(early)).code).toBe('BUSY');
  expect(asked).toEqual([]);
});

test('a clone whose end is moved, that is held for a restore, or that is not over keeps its unit', async () => {
  const later = { ...workContext(), now: () => ENDED + 1 };
  const refused = (changes: Partial<Unit>, work = later) =>
    failureOf(takeToRecycle(clusterThat({}).deps, { ...unit, ...changes }, work)).then(({ code }) => code);
  expect(await refused({ heldUntil: ENDED + 60_000 })).toBe('BUSY');
  expect(await refused({}, { ...later, now: () => ENDED })).toBe('BUSY');
  expect(await refused({ golden: undefined })).toBe('BUSY');
  const { deps, asked } = clusterThat({ items: [], metadata: {} }, { metadata: { name: 'unit-a' } });
  await takeToRecycle(deps, { ...unit, heldUntil: ENDED - 1, replaces: 'v' }, later).catch(() => undefined);
  // What it took its name over from is looked for first: without the note it would be taken for the clone again.
  expect(asked.map(({ method }) => method)).toEqual(['GET', 'PATCH']);
  const patch = asked[1]?.body as readonly { op: string; path: string; value?: string }[];
  const at = (key: string) => `/metadata/annotations/wpclone.dev~1${key}`;
  expect(patch).toContainEqual({ op: 'test', path: at('expires-at'), value: '2026-01-01T12:00:00.250Z' });
  const gone = patch.flatMap(({ op, path }) => (op === 'remove' ? [path] : []));
  const keys = ['claim', 'facts', 'expires-at', 'held-until', 'replaces'];
  expect(gone).toEqual(['/metadata/labels/wpclone.dev~1clone', ...keys.map(at)]);
});
