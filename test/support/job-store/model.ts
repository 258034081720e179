import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { ClaimedJob, JobStore } from '../../../src/agent/jobs/store.ts';
import { LIMITS, newJob, OTHER, OWNER, type OpenStore } from './kit.ts';

/** A property over all orders of what can happen. */
export function anyOrderIsSafe(open: OpenStore): void {
  it('never runs a job twice at once nor more of a customer than it may, whatever happens in which order', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('enqueue' as const), customer: fc.constantFrom('a', 'b') }),
      fc.record({ do: fc.constantFrom('claim' as const, 'reap' as const), owner: fc.constantFrom(OWNER, OTHER) }),
      fc.record({ do: fc.constantFrom('complete' as const, 'release' as const, 'cancel' as const), nth: fc.nat(9) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { store } = await open();
        const attempts: ClaimedJob[] = [];
        for (const one of steps) {
          if (one.do === 'enqueue') await store.enqueue(newJob({ customer: one.customer }));
          else if (one.do === 'claim')
            attempts.push(...[await store.claim(one.owner, LIMITS)].filter((c) => c !== undefined));
          else if (one.do === 'reap') await store.reap(({ agent }) => Promise.resolve(agent !== one.owner.agent));
          else if ('nth' in one) await onNth(store, attempts, one.do, one.nth);
          const running = await store.list({ states: ['running'] });
          for (const customer of ['a', 'b'])
            expect(running.filter((job) => job.customer === customer).length).toBeLessThanOrEqual(LIMITS.perCustomer);
          const valid = await Promise.all(attempts.map(({ attempt }) => isValid(store, attempt)));
          expect(valid.filter(Boolean)).toHaveLength(running.length);
        }
        store.close();
      }),
      { numRuns: 40 },
    );
  });
}

async function onNth(store: JobStore, attempts: ClaimedJob[], what: 'complete' | 'release' | 'cancel', nth: number) {
  const claimed = attempts[nth];
  if (claimed === undefined) return;
  const work = what === 'cancel' ? store.cancel(claimed.job.id) : undefined;
  const ended =
    what === 'complete' ? store.complete(claimed.attempt, {}, {}) : (work ?? store.release(claimed.attempt));
  // That an attempt is over is one of the ends.
  await ended.catch(() => undefined);
}

const isValid = (store: JobStore, attempt: ClaimedJob['attempt']): Promise<boolean> =>
  store.renew(attempt).then(
    () => true,
    () => false,
  );
