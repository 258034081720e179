import { afterEach, expect, it } from 'vitest';
import type { Executor } from '../../../src/agent/jobs/executor.ts';
import { type Runner, startRunner } from '../../../src/agent/jobs/runner.ts';
import type { JobStore } from '../../../src/agent/jobs/store.ts';
import { LIMITS, newJob, OWNER } from '../../support/job-store/kit.ts';
import { sqliteStores } from '../../support/job-store/sqlite.ts';
import { workContext } from '../../support/work.ts';

const { open, clean } = sqliteStores();
const runners: Runner[] = [];
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.drain(0);
  clean();
});

it('a runner does not look at the queue for each job that is handed in while as many run as may', async () => {
  const { store } = open();
  for (let n = 0; n < 2; n += 1) await store.enqueue(newJob({ customer: null }));
  let looks = 0;
  const claim: JobStore['claim'] = (...words) => {
    looks += 1;
    return store.claim(...words);
  };
  const ends: (() => void)[] = [];
  const executor: Executor = {
    run: (_, { signal }) =>
      new Promise((resolve, reject) => {
        ends.push(() => resolve({ result: {}, secrets: {} }));
        signal.addEventListener('abort', () => reject(new Error('stopped')));
      }),
  };
  const runner = startRunner({
    store: { ...store, claim },
    executor,
    owner: OWNER,
    limits: LIMITS,
    concurrency: 1,
    clones: () => Promise.resolve([]),
    work: workContext(),
  });
  runners.push(runner);
  // The second is the look behind the last job that it could begin.
  await expect.poll(() => looks).toBeGreaterThan(1);
  for (let n = 0; n < 200; n += 1) {
    runner.wake('begin');
    await new Promise(setImmediate);
  }
  // One is due each second, whoever calls.
  expect(looks).toBeLessThan(20);
  ends[0]?.();
  await expect.poll(() => ends.length).toBe(2);
});
