import { expect, test } from 'vitest';
import { keepPool } from '../../../src/agent/daemon/pool.ts';
import type { PoolRuntime } from '../../../src/pool/tender.ts';
import { workContext } from '../../support/work.ts';

/** How long an agent rests after its first look at a pool of this machine; the runtime stands for one without a unit. */
async function restAfter(sizes: { readonly min: number; readonly max: number }): Promise<number> {
  const work = workContext();
  const rests: number[] = [];
  const rested = Promise.withResolvers<void>();
  const sleep = async (milliseconds: number, signal?: AbortSignal): Promise<void> => {
    rests.push(milliseconds);
    if (rests.length < 2) return;
    rested.resolve();
    await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
  };
  const runtime = {
    kind: 'local',
    units: {
      revision: () => Promise.resolve('now'),
      phpVersions: () => Promise.resolve(['8.2']),
      list: () => Promise.resolve([]),
    },
    documents: { read: () => Promise.resolve(undefined), change: () => Promise.resolve('') },
  } as unknown as PoolRuntime;
  const options = { runtime: () => Promise.resolve(runtime), sizes, waiting: () => Promise.resolve(0) };
  const loop = keepPool({ ...options, looked: () => undefined }, { ...work, sleep });
  await rested.promise;
  await loop.stop();
  return rests[1] ?? 0;
}

test('an agent whose pool is empty on purpose does not look at it each second; one that keeps units on this machine does', async () => {
  expect(await restAfter({ min: 0, max: 0 })).toBe(20_000);
  expect(await restAfter({ min: 0, max: 2 })).toBe(1_000);
});
