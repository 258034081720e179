import { afterEach, expect, it } from 'vitest';
import { createBell, ringing } from '../../../src/agent/jobs/bell.ts';
import { recentEvents } from '../../../src/agent/jobs/recent.ts';
import type { ClaimedJob, JobStore } from '../../../src/agent/jobs/store.ts';
import { claimed, newJob } from '../../support/job-store/kit.ts';
import { sqliteStores } from '../../support/job-store/sqlite.ts';
import { workContext } from '../../support/work.ts';

const { open, clean } = sqliteStores();
afterEach(clean);

/** A store that counts how often its log is read. */
function counting() {
  const bell = createBell(workContext());
  const store = ringing(open().store, bell);
  let reads = 0;
  const events: JobStore['events'] = (...words) => {
    reads += 1;
    return store.events(...words);
  };
  return { store, reads: () => reads, recent: recentEvents({ events, newest: () => store.newest() }, bell.rung) };
}

it('many who follow jobs get what the store has, and the store is asked once for all of them', async () => {
  const { store, reads, recent } = counting();
  const jobs: ClaimedJob[] = [];
  for (let n = 0; n < 3; n += 1) {
    await store.enqueue(newJob({ customer: null }));
    jobs.push(await claimed(store));
  }
  const from = await store.newest();
  const after = jobs.map(() => from);
  const next = (n: number) => recent(after[n % 3] ?? 0, { job: jobs[n % 3]?.job.id ?? '', limit: 100 });
  await next(0);
  for (let round = 0; round < 50; round += 1) {
    const attempt = jobs[round % 3]?.attempt ?? { id: '', epoch: 0 };
    await store.append(attempt, { type: 'step-finished', step: 'files', message: `${round}`, seconds: 1 });
    const before = reads();
    const heard = await Promise.all(Array.from({ length: 300 }, (_, n) => next(n)));
    expect(reads() - before).toBe(1);
    const told = heard.map((events) => events.map(({ event }) => ('message' in event ? event.message : '')));
    expect(told).toEqual(told.map((_, n) => (n % 3 === round % 3 ? [`${round}`] : [])));
    after[round % 3] = heard[round % 3]?.at(-1)?.sequence ?? 0;
  }
});

it('who is far behind gets all of it, and what is written while it is read is not missed', async () => {
  const { store, recent } = counting();
  const { job } = await store.enqueue(newJob());
  const { attempt } = await claimed(store);
  const say = (n: number) =>
    store.append(attempt, { type: 'step-finished', step: 'files', message: String(n), seconds: 1 });
  for (let n = 0; n < 550; n += 1) await say(n);
  await recent(await store.newest(), { job: job.id, limit: 1 });
  const seen: number[] = [];
  let writing = Promise.resolve<unknown>(undefined);
  for (let after = 0, written = 550; seen.length < 600;) {
    if (written < 600) writing = writing.then(() => say(written++));
    // As who reads over a connection does: writes have a turn of the event loop to themselves.
    await new Promise(setImmediate);
    const some = await recent(after, { job: job.id, limit: 100 });
    after = some.at(-1)?.sequence ?? after;
    seen.push(...some.flatMap(({ event }) => ('message' in event ? [Number(event.message)] : [])));
  }
  await writing;
  expect(seen).toEqual(Array.from({ length: 600 }, (_, n) => n));
});
