import { describe, expect, it } from 'vitest';
import { claimed, ERROR, LIMITS, newJob, OTHER, OWNER, type OpenStore } from './kit.ts';

/** Who gets which job when. */
export function claimKeepsItsPromises(open: OpenStore): void {
  describe('claim', () => {
    it('gives each job to one owner, however many ask at once', async () => {
      const { store, again } = await open();
      for (let n = 0; n < 5; n += 1) await store.enqueue(newJob({ customer: null }));
      const stores = [store, again(), again()];
      const found = await Promise.all(
        Array.from({ length: 20 }, (_, n) => (stores[n % 3] ?? store).claim(n % 2 === 0 ? OWNER : OTHER, LIMITS)),
      );
      const ids = found.flatMap((one) => (one === undefined ? [] : [one.job.id]));
      expect(ids).toHaveLength(5);
      expect(new Set(ids).size).toBe(5);
    });

    it('keeps to the limits per customer and per source, and passes by jobs that are over them', async () => {
      const { store } = await open();
      for (let n = 0; n < 5; n += 1) await store.enqueue(newJob({ customer: 'a' }));
      for (let n = 0; n < 4; n += 1) await store.enqueue(newJob({ customer: null, sourceHost: 'mysite.example' }));
      const running = [];
      for (let one = await store.claim(OWNER, LIMITS); one !== undefined; one = await store.claim(OWNER, LIMITS))
        running.push(one.job);
      expect(running.filter(({ customer }) => customer === 'a')).toHaveLength(3);
      expect(running.filter(({ sourceHost }) => sourceHost !== null)).toHaveLength(2);
    });

    it('lets the one job of a second customer pass the hundred of the first, and yet moves those on', async () => {
      const { store, clock } = await open();
      for (let n = 0; n < 100; n += 1) await store.enqueue(newJob({ customer: 'a', priority: 0 }));
      const late = await store.enqueue(newJob({ customer: 'b', priority: 5 }));
      expect((await claimed(store)).job.id).toBe(late.job.id);
      // Ten minutes of waiting weigh more than five of priority.
      clock.now += 10 * 60_000;
      await store.enqueue(newJob({ customer: 'b', priority: 5 }));
      expect((await claimed(store)).job.customer).toBe('a');
    });

    it('does one thing at a time with one clone', async () => {
      const { store } = await open();
      await store.enqueue(newJob({ kind: 'reset', clone: 'mine' }));
      await store.enqueue(newJob({ kind: 'delete', clone: 'mine' }));
      const { attempt, job } = await claimed(store);
      expect(job.kind).toBe('reset');
      expect(await store.claim(OWNER, LIMITS)).toBeUndefined();
      await store.complete(attempt, {}, {});
      expect((await claimed(store)).job.kind).toBe('delete');
    });

    it('waits for the time of a retry, but not for one that a clock set back has moved away', async () => {
      const { store, clock } = await open();
      await store.enqueue(newJob());
      const { attempt } = await claimed(store);
      await store.retryAt(attempt, ERROR, clock.now + 120_000);
      clock.now += 119_000;
      expect(await store.claim(OWNER, LIMITS)).toBeUndefined();
      clock.now -= 2 * 3600_000;
      expect((await claimed(store)).job).toMatchObject({ attempt: 2, failures: 1 });
    });

    it('hands out the secrets that were given with the job', async () => {
      const { store } = await open();
      await store.enqueue(newJob());
      expect((await claimed(store)).secrets).toEqual({ source_password: 'canary-source' });
    });
  });
}
