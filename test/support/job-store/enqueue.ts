import { describe, expect, it } from 'vitest';
import { failureOf } from '../work.ts';
import { claimed, ERROR, newJob, type OpenStore } from './kit.ts';

/** What whoever hands in a job can rely on. */
export function enqueueKeepsItsPromises(open: OpenStore): void {
  describe('enqueue', () => {
    it('has kept what it answered when the process dies right after it', async () => {
      const { store, again } = await open();
      const { job } = await store.enqueue(newJob({ clone: 'mine' }));
      expect(await again().find(job.id)).toEqual(job);
      expect(job).toMatchObject({ state: 'pending', attempt: 1, progress: 0, clone: 'mine', error: null });
    });

    it('answers twenty requests with one key at once with one job', async () => {
      const { store } = await open();
      const key = { scope: 'token-1 /clone', key: 'k', requestHash: 'h' };
      const answers = await Promise.all(Array.from({ length: 20 }, () => store.enqueue(newJob(), { key })));
      expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1);
      expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
      expect(await store.list()).toHaveLength(1);
    });

    it('refuses a key that was used for another request, and keeps the keys of others apart', async () => {
      const { store } = await open();
      const key = { scope: 'token-1 /clone', key: 'k', requestHash: 'h' };
      const first = await store.enqueue(newJob(), { key });
      const failure = await failureOf(store.enqueue(newJob(), { key: { ...key, requestHash: 'other' } }));
      expect(failure.code).toBe('IDEMPOTENCY_CONFLICT');
      expect(await store.findByKey(key)).toEqual(first.job);
      const other = await failureOf(store.findByKey({ ...key, requestHash: 'other' }));
      expect(other.code).toBe('IDEMPOTENCY_CONFLICT');
      expect(await store.findByKey({ ...key, scope: 'token-2 /clone' })).toBeUndefined();
      const others = await store.enqueue(newJob(), { key: { ...key, scope: 'token-2 /clone' } });
      expect(others.job.id).not.toBe(first.job.id);
    });

    it('remembers a key for a day, and for as long as its job has not ended', async () => {
      const { store, clock } = await open();
      const key = { scope: 's', key: 'k', requestHash: 'h' };
      const { job } = await store.enqueue(newJob(), { key });
      clock.now += 25 * 3600_000;
      expect(await store.enqueue(newJob(), { key })).toMatchObject({ replayed: true, job: { id: job.id } });
      const { attempt } = await claimed(store);
      await store.fail(attempt, ERROR);
      expect((await store.enqueue(newJob(), { key })).replayed).toBe(false);
    });

    it('reserves the name of a clone until its job has ended', async () => {
      const { store } = await open();
      await store.enqueue(newJob({ clone: 'mine' }));
      expect((await failureOf(store.enqueue(newJob({ clone: 'mine' })))).code).toBe('NAME_TAKEN');
      const { attempt } = await claimed(store);
      expect((await failureOf(store.enqueue(newJob({ clone: 'mine' })))).code).toBe('NAME_TAKEN');
      await store.complete(attempt, {}, {});
      await expect(store.enqueue(newJob({ clone: 'mine' }))).resolves.toMatchObject({ replayed: false });
    });

    it('lets no customer fill the queue for the others', async () => {
      const { store } = await open();
      const limits = { limit: 10, customerLimit: 2 };
      for (let n = 0; n < 2; n += 1) await store.enqueue(newJob({ customer: 'a' }), limits);
      const full = await failureOf(store.enqueue(newJob({ customer: 'a' }), limits));
      expect([full.code, full.retryAfter]).toEqual(['QUEUE_FULL', 30]);
      await store.enqueue(newJob({ customer: 'b' }), limits);
      for (let n = 0; n < 3; n += 1) await store.enqueue(newJob({ customer: null }), limits);
      await claimed(store);
      await expect(store.enqueue(newJob({ customer: 'a' }), limits)).resolves.toMatchObject({ replayed: false });
    });

    it('says that the queue is full, and takes jobs again when it is not', async () => {
      const { store } = await open();
      await store.enqueue(newJob(), { limit: 1 });
      const failure = await failureOf(store.enqueue(newJob(), { limit: 1 }));
      expect(failure).toMatchObject({ code: 'QUEUE_FULL', retryAfter: expect.any(Number) });
      await claimed(store);
      await expect(store.enqueue(newJob(), { limit: 1 })).resolves.toMatchObject({ replayed: false });
    });
  });
}
