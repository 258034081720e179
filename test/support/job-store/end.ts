import { describe, expect, it } from 'vitest';
import { failureOf } from '../work.ts';
import { claimed, ERROR, LIMITS, newJob, OWNER, type OpenStore } from './kit.ts';

/** How jobs end, and what is left of them. */
export function endsAreFinal(open: OpenStore): void {
  describe('the end', () => {
    it('leaves no password anywhere, and the secrets of the result only to those who ask', async () => {
      const { store, written } = await open();
      const { job } = await store.enqueue(newJob());
      expect(written()).not.toContain('canary-source');
      const { attempt } = await claimed(store);
      const done = await store.complete(attempt, { clone_url: 'http://c' }, { password: 'canary-clone' });
      expect(JSON.stringify([done, await store.list(), await store.events(0, { limit: 100 })])).not.toContain('canary');
      expect(await store.resultSecrets(job.id)).toEqual({ password: 'canary-clone' });
      expect(written()).not.toContain('canary');
    });

    it('keeps what of a request may be secret sealed, for whoever does it again', async () => {
      const { store, written } = await open();
      const confidential = { defines: { ACME_KEY: 'canary-key', ACME_NONE: null } };
      const { job } = await store.enqueue(newJob({ confidential }));
      const taken = await claimed(store);
      expect(taken.confidential).toEqual(confidential);
      await store.fail(taken.attempt, ERROR);
      expect(JSON.stringify([job, await store.list()])).not.toContain('canary');
      expect(written()).not.toContain('canary-key');
      expect(await store.confidential(job.id)).toEqual(confidential);
    });

    it('of a job that is cancelled while it runs erases its passwords at once', async () => {
      const { store } = await open();
      const { job } = await store.enqueue(newJob());
      await claimed(store);
      await store.cancel(job.id);
      await store.reap(() => Promise.resolve(false));
      expect((await claimed(store)).secrets).toEqual({});
    });

    it('comes at once for a job that is cancelled before anybody runs it', async () => {
      const { store } = await open();
      const { job } = await store.enqueue(newJob());
      expect(await store.cancel(job.id)).toMatchObject({ state: 'failed', error: { code: 'CANCELLED' } });
      expect(await store.claim(OWNER, LIMITS)).toBeUndefined();
      expect((await failureOf(store.cancel(job.id))).code).toBe('JOB_ENDED');
      expect((await failureOf(store.cancel('job-none'))).code).toBe('JOB_NOT_FOUND');
    });

    it('comes only once it was looked at what is left of a job whose process was cut off, also where it is cancelled twice', async () => {
      const { store, clock } = await open();
      const { job } = await store.enqueue(newJob());
      const { attempt } = await claimed(store);
      await store.checkpoint(attempt, { worker: { pid: 7, startedAt: 'boot:7' } });
      await store.retryAt(attempt, { ...ERROR, code: 'WORKER_DIED' }, clock.now + 60_000);
      expect(await store.cancel(job.id)).toMatchObject({ state: 'pending', cancelRequested: true });
      expect(await store.cancel(job.id)).toMatchObject({ state: 'pending', cancelRequested: true });
      const next = await claimed(store);
      expect(next).toMatchObject({ job: { id: job.id, cancelRequested: true }, secrets: {} });
      expect(await store.fail(next.attempt, { ...ERROR, code: 'CANCELLED' })).toMatchObject({ state: 'failed' });
    });

    it('is exactly one when cancelling and completing race', async () => {
      const { store, again } = await open();
      const other = again();
      for (let round = 0; round < 50; round += 1) {
        const { job } = await store.enqueue(newJob());
        const { attempt } = await claimed(store);
        const [completed, cancelled] = await Promise.allSettled([
          store.complete(attempt, { round }, {}),
          other.cancel(job.id),
        ]);
        expect(completed.status).toBe('fulfilled');
        const end = await store.find(job.id);
        expect(end).toMatchObject({ state: 'completed', result: { round } });
        const refused = cancelled.status === 'rejected' ? cancelled.reason : { code: 'JOB_ENDED' };
        expect(refused).toMatchObject({ code: 'JOB_ENDED' });
      }
    });

    it('keeps the first error of a job that failed, and what the last attempt said', async () => {
      const { store } = await open();
      await store.enqueue(newJob());
      const { attempt } = await claimed(store);
      expect(await store.fail(attempt, ERROR)).toMatchObject({
        state: 'failed',
        error: ERROR,
        failures: 1,
        attempt: 1,
      });
    });
  });

  describe('the log', () => {
    it('is read on from any event without a gap or a double', async () => {
      const { store } = await open();
      const { job } = await store.enqueue(newJob());
      const { attempt } = await claimed(store);
      for (const step of ['connect', 'database', 'files'] as const)
        await store.append(attempt, { type: 'step-started', step });
      await store.complete(attempt, {}, {});
      const all = await store.events(0, { job: job.id, limit: 100 });
      expect(all.map(({ event }) => ('step' in event ? event.step : event.type))).toEqual([
        'job',
        'job',
        'connect',
        'database',
        'files',
        'job',
      ]);
      for (const [at, { sequence }] of all.entries())
        expect(await store.events(sequence, { job: job.id, limit: 100 })).toEqual(all.slice(at + 1));
    });

    it('forgets jobs that ended long ago with all that was theirs, and nothing else', async () => {
      const { store, clock } = await open();
      const old = await store.enqueue(newJob({ clone: 'old' }));
      await store.cancel(old.job.id);
      clock.now += 1000;
      const waiting = await store.enqueue(newJob());
      expect(await store.prune(clock.now)).toBe(1);
      expect(await store.find(old.job.id)).toBeUndefined();
      expect((await store.events(0, { limit: 100 })).map(({ job }) => job)).toEqual([waiting.job.id]);
    });
  });
}
