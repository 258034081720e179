import { expect, test } from 'vitest';
import type { Cluster } from '../../../src/runtime/kubernetes/api/client.ts';
import type { ProvisionDeps } from '../../../src/runtime/kubernetes/provision/deps.ts';
import { takeToRecycle } from '../../../src/runtime/kubernetes/recycle/take.ts';
import { untilStartedAfter } from '../../../src/runtime/kubernetes/recycle/wait.ts';
import type { Unit } from '../../../src/runtime/kubernetes/unit/unit.ts';
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

test('a container that was started before the clone was shut out, or in the same second, is not taken for a new one', async () => {
  const pod = (web: string) => ({
    metadata: { uid: 'u' },
    status: {
      containerStatuses: [
        { name: 'web', state: { running: { startedAt: web } } },
        { name: 'database', state: { running: { startedAt: '2026-01-01T12:00:02Z' } } },
      ],
    },
  });
  const { deps, asked } = clusterThat(
    pod('2026-01-01T11:59:59Z'),
    pod('2026-01-01T12:00:00Z'),
    pod('2026-01-01T12:00:01Z'),
  );
  const context = { ...workContext(), sleep: () => Promise.resolve() };
  await untilStartedAfter(deps, unit, ENDED, ['web', 'database'], Date.now() + 60_000, context);
  expect(asked).toHaveLength(3);
  const old = clusterThat(pod('2026-01-01T12:00:00Z'));
  const late = untilStartedAfter(old.deps, unit, ENDED, ['web', 'database'], Date.now() - 1, context);
  expect((await failureOf(late)).message).toMatch(/not used again: its containers were not started anew in time/);
});

test('a clone whose end is moved, that is held for a restore, or that is not over keeps its unit', async () => {
  const later = { ...workContext(), now: () => ENDED + 1 };
  const refused = (changes: Partial<Unit>, work = later) =>
    failureOf(takeToRecycle(clusterThat({}).deps, { ...unit, ...changes }, work)).then(({ code }) => code);
  expect(await refused({ heldUntil: ENDED + 60_000 })).toBe('BUSY');
  expect(await refused({}, { ...later, now: () => ENDED })).toBe('BUSY');
  expect(await refused({ golden: undefined })).toBe('BUSY');
  const { deps, asked } = clusterThat({ metadata: { name: 'unit-a' } });
  await takeToRecycle(deps, { ...unit, heldUntil: ENDED - 1, replaces: 'v' }, later).catch(() => undefined);
  const patch = asked[0]?.body as readonly { op: string; path: string; value?: string }[];
  const at = (key: string) => `/metadata/annotations/wpclone.dev~1${key}`;
  expect(patch).toContainEqual({ op: 'test', path: at('expires-at'), value: '2026-01-01T12:00:00.250Z' });
  const gone = patch.flatMap(({ op, path }) => (op === 'remove' ? [path] : []));
  const keys = ['claim', 'facts', 'expires-at', 'held-until', 'replaces'];
  expect(gone).toEqual(['/metadata/labels/wpclone.dev~1clone', ...keys.map(at)]);
});
