import { describe, expect, it } from 'vitest';
import { MAX_LOSSES } from '../../../src/agent/jobs/retry.ts';
import { failureOf } from '../work.ts';
import { claimed, ERROR, newJob, OTHER, OWNER, type OpenStore } from './kit.ts';

/** What the owner of an attempt can do, and for how long. */
export function ownersKeepTheirRights(open: OpenStore): void {
  describe('the owner of an attempt', () => {
    it('is told that somebody wants the job to stop', async () => {
      const { store, again } = await open();
      const { job } = await store.enqueue(newJob());
      const { attempt } = await claimed(store);
      expect(await store.renew(attempt)).toEqual({ cancelRequested: false });
      expect(await again().cancel(job.id)).toMatchObject({ state: 'running', cancelRequested: true });
      expect(await store.renew(attempt)).toEqual({ cancelRequested: true });
      // Whatever the attempt ends with, the job is not begun again.
      expect(await store.retryAt(attempt, ERROR, 0)).toMatchObject({ state: 'failed', error: { code: 'CANCELLED' } });
    });

    it('can write nothing any more once the job was taken from it', async () => {
      const { store } = await open();
      const { job } = await store.enqueue(newJob());
      const { attempt } = await claimed(store);
      await store.reap(() => Promise.resolve(false));
      const second = await claimed(store, OTHER);
      expect(second.attempt.epoch).toBe(attempt.epoch + 1);
      const before = await store.find(job.id);
      const writes = [
        store.renew(attempt),
        store.append(attempt, { type: 'step-started', step: 'connect' }, 50),
        store.checkpoint(attempt, {}),
        store.complete(attempt, {}, {}),
        store.fail(attempt, ERROR),
        store.retryAt(attempt, ERROR, 0),
        store.release(attempt),
      ];
      const codes = await Promise.all(writes.map(async (write) => (await failureOf(write)).code));
      expect(new Set(codes)).toEqual(new Set(['LEASE_LOST']));
      expect(await store.find(job.id)).toEqual(before);
      await expect(store.complete(second.attempt, { ok: true }, {})).resolves.toMatchObject({ state: 'completed' });
    });

    it('never makes progress go back, in a second attempt neither', async () => {
      const { store } = await open();
      const { job } = await store.enqueue(newJob());
      const first = await claimed(store);
      await store.append(first.attempt, { type: 'step-started', step: 'connect' }, 40);
      await store.append(first.attempt, { type: 'step-started', step: 'connect' }, 30);
      await store.retryAt(first.attempt, ERROR, 0);
      const second = await claimed(store);
      await store.append(second.attempt, { type: 'step-started', step: 'connect' }, 10);
      expect((await store.find(job.id))?.progress).toBe(40);
      expect(await store.complete(second.attempt, {}, {})).toMatchObject({ progress: 100, state: 'completed' });
    });

    it('hands on what the next attempt must know', async () => {
      const { store } = await open();
      await store.enqueue(newJob());
      const first = await claimed(store);
      await store.checkpoint(first.attempt, { unit: 'u-1', pull: 'job-7' });
      await store.release(first.attempt);
      expect((await claimed(store)).job.checkpoint).toEqual({ unit: 'u-1', pull: 'job-7' });
    });
  });

  describe('reap', () => {
    it('takes back the jobs of owners that died, and leaves those of the living alone', async () => {
      const { store } = await open();
      await store.enqueue(newJob());
      await store.enqueue(newJob());
      const dead = await claimed(store, OWNER);
      const living = await claimed(store, OTHER);
      const reaped = await store.reap((owner) => Promise.resolve(owner.agent === OTHER.agent));
      expect(reaped.map(({ id }) => id)).toEqual([dead.job.id]);
      expect(reaped[0]).toMatchObject({ state: 'pending', losses: 1, failures: 0, attempt: 1 });
      expect((await store.find(living.job.id))?.state).toBe('running');
    });

    it('has a job that somebody wanted to stop begun once more, to be stopped: its owner may have left something', async () => {
      const { store } = await open();
      const { job } = await store.enqueue(newJob());
      const { attempt } = await claimed(store);
      await store.checkpoint(attempt, { provisioned: true });
      await store.cancel(job.id);
      await store.reap(() => Promise.resolve(false));
      const next = await claimed(store);
      expect(next.job).toMatchObject({ id: job.id, cancelRequested: true, checkpoint: { provisioned: true } });
      const died = { ...ERROR, code: 'WORKER_DIED' as const };
      expect(await store.retryAt(next.attempt, died, 0)).toMatchObject({ state: 'pending', cancelRequested: true });
    });

    it('gives up a job that killed its agent three times', async () => {
      const { store } = await open();
      const { job } = await store.enqueue(newJob());
      for (let loss = 1; loss <= MAX_LOSSES; loss += 1) {
        await claimed(store);
        await store.reap(() => Promise.resolve(false));
      }
      expect(await store.find(job.id)).toMatchObject({ state: 'failed', error: { code: 'AGENT_LOST' }, losses: 3 });
    });

    it('counts no attempt for an agent that stopped in good order', async () => {
      const { store } = await open();
      await store.enqueue(newJob());
      for (let round = 0; round < 5; round += 1) await store.release((await claimed(store)).attempt);
      expect((await claimed(store)).job).toMatchObject({ failures: 0, losses: 0, attempt: 1 });
    });
  });
}
