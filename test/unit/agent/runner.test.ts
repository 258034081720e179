import { afterEach, describe, expect, it } from 'vitest';
import type { ExecutionPort, Executor } from '../../../src/agent/jobs/executor.ts';
import type { LivingClone } from '../../../src/agent/jobs/clone-owners.ts';
import { type Runner, startRunner } from '../../../src/agent/jobs/runner.ts';
import type { ClaimedJob, JobStore } from '../../../src/agent/jobs/store.ts';
import { administratorName } from '../../../src/operations/names.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import { LIMITS, newJob, OWNER } from '../../support/job-store/kit.ts';
import { sqliteStores } from '../../support/job-store/sqlite.ts';
import { workContext } from '../../support/work.ts';

const { open, clean } = sqliteStores();
const runners: Runner[] = [];
afterEach(async () => {
  for (const runner of runners.splice(0)) await runner.drain(0);
  clean();
});

/** One execution that the test ends as it likes. Stands for the child process, whose own tests are elsewhere. */
interface Play extends ClaimedJob, ExecutionPort {
  end(): void;
  fail(error: Error): void;
}

/** An executor whose executions wait for the test; they stop when they are asked to. */
function stage(): { readonly executor: Executor; readonly plays: Play[] } {
  const plays: Play[] = [];
  const executor: Executor = {
    run: (claimed, port) =>
      new Promise((resolve, reject) => {
        const end = (): void => resolve({ result: { done: claimed.job.id }, secrets: {} });
        plays.push({ ...claimed, ...port, end, fail: reject });
        port.signal.addEventListener('abort', () => reject(new Error('stopped')));
      }),
  };
  return { executor, plays };
}

function start(
  store: JobStore,
  executor: Executor,
  concurrency = 4,
  now = Date.now,
  clones: readonly LivingClone[] = [],
): Runner {
  const work = { ...workContext(), now };
  const runner = startRunner({
    store,
    executor,
    owner: OWNER,
    limits: LIMITS,
    concurrency,
    clones: () => Promise.resolve(clones),
    work,
  });
  runners.push(runner);
  return runner;
}

const several = (store: JobStore, many: number) =>
  Promise.all(Array.from({ length: many }, () => store.enqueue(newJob({ customer: null }))));
const ended = (store: JobStore) => store.list({ states: ['completed', 'failed'] });

describe('the runner', () => {
  it('runs as many at once as it may, and begins the next when one ends', async () => {
    const { store } = open();
    const { executor, plays } = stage();
    await several(store, 5);
    const runner = start(store, executor, 2);
    await expect.poll(() => plays.length).toBe(2);
    expect(runner.running()).toBe(2);
    for (let n = 0; n < 5; n += 1) {
      await expect.poll(() => plays.length).toBeGreaterThan(n);
      expect(runner.running()).toBeLessThanOrEqual(2);
      plays[n]?.end();
    }
    await expect.poll(async () => (await ended(store)).length).toBe(5);
    expect((await ended(store)).every(({ state }) => state === 'completed')).toBe(true);
  });

  it('tries again what may be tried again, and nothing else', async () => {
    const { store, clock } = open();
    const { executor, plays } = stage();
    const { job } = await store.enqueue(newJob());
    const other = await store.enqueue(newJob());
    start(store, executor, 4, () => clock.now);
    await expect.poll(() => plays.length).toBe(2);
    const of = (id: string) => plays.find((play) => play.job.id === id);
    of(job.id)?.fail(new WpcloneError('UNREACHABLE', 'Away.', { retryable: true, retryAfter: 120 }));
    of(other.job.id)?.fail(new WpcloneError('LOGIN_FAILED', 'Wrong password.'));
    await expect.poll(async () => (await store.find(job.id))?.attempt).toBe(2);
    const waiting = await store.find(job.id);
    expect(waiting).toMatchObject({ state: 'pending', error: { code: 'UNREACHABLE' } });
    expect((waiting?.notBefore ?? 0) - clock.now).toBeGreaterThanOrEqual(120_000);
    await expect
      .poll(() => store.find(other.job.id))
      .toMatchObject({ state: 'failed', attempt: 1, error: { code: 'LOGIN_FAILED' } });
  });

  it('stops an execution that somebody cancels, and says that it was cancelled whatever it ended with', async () => {
    const { store } = open();
    const { executor, plays } = stage();
    const { job } = await store.enqueue(newJob());
    const runner = start(store, executor);
    await expect.poll(() => plays.length).toBe(1);
    await store.cancel(job.id);
    runner.wake('stop');
    await expect.poll(() => store.find(job.id)).toMatchObject({ state: 'failed', error: { code: 'CANCELLED' } });
    expect(plays[0]?.signal.reason).toMatchObject({ code: 'CANCELLED' });
  });

  it('lets those that run end when it is drained, gives the others back, and counts no attempt', async () => {
    const { store } = open();
    const { executor, plays } = stage();
    await several(store, 3);
    const runner = start(store, executor, 2);
    await expect.poll(() => plays.length).toBe(2);
    const drained = runner.drain(1_000);
    plays[0]?.end();
    await drained;
    expect(plays).toHaveLength(2);
    expect(plays[1]?.signal.reason).toMatchObject({ code: 'RELEASED' });
    const pending = await store.list({ states: ['pending'] });
    expect(pending.map(({ failures, losses }) => [failures, losses])).toEqual([
      [0, 0],
      [0, 0],
    ]);
    expect(await ended(store)).toHaveLength(1);
  });

  it('stops an execution whose job was given to another, and writes nothing about it', async () => {
    const { store } = open();
    const { executor, plays } = stage();
    const { job } = await store.enqueue(newJob());
    start(store, executor, 1);
    await expect.poll(() => plays.length).toBe(1);
    await store.reap(() => Promise.resolve(false));
    const second = await store.claim({ ...OWNER, agent: 'another' }, LIMITS);
    plays[0]?.emit({ type: 'step-started', step: 'connect' });
    await expect.poll(() => plays[0]?.signal.reason).toMatchObject({ code: 'LEASE_LOST' });
    expect(await store.find(job.id)).toMatchObject({ state: 'running', epoch: second?.attempt.epoch, error: null });
  });

  it('does nothing to a clone whose name another customer got while the job waited', async () => {
    const { store } = open();
    const shop = { clone_id: 'shop', clone_url: 'http://127.0.0.1:8101', username: 'wpclone-b' };
    for (const customer of ['a', 'b']) {
      await store.enqueue(newJob({ customer, clone: 'shop' }));
      const made = await store.claim(OWNER, LIMITS);
      if (made !== undefined) await store.complete(made.attempt, { ...shop, username: `wpclone-${customer}` }, {});
    }
    const { executor, plays } = stage();
    const over = await store.enqueue(newJob({ customer: 'a', clone: 'shop', request: { replace: true } }));
    const theirs = await store.enqueue(newJob({ kind: 'reset', customer: 'a', clone: 'shop' }));
    const own = await store.enqueue(newJob({ kind: 'reset', customer: 'b', clone: 'shop' }));
    start(store, executor, 4, Date.now, [shop]);
    await expect.poll(() => store.find(over.job.id)).toMatchObject({ state: 'failed', error: { code: 'NAME_TAKEN' } });
    await expect.poll(() => store.find(theirs.job.id)).toMatchObject({ state: 'failed', error: { code: 'NOT_FOUND' } });
    await expect.poll(() => plays.map(({ job }) => job.id)).toEqual([own.job.id]);
  });

  it('takes the clone that an attempt of the job had made in the place of another, before its agent died, for the job’s own', async () => {
    const { store } = open();
    await store.enqueue(newJob({ customer: 'a', clone: 'shop' }));
    const before = await store.claim(OWNER, LIMITS);
    if (before !== undefined) await store.complete(before.attempt, { clone_id: 'shop', username: 'wpclone-old' }, {});
    const { job } = await store.enqueue(newJob({ customer: 'a', clone: 'shop', request: { replace: true } }));
    await store.claim(OWNER, LIMITS);
    await store.reap(() => Promise.resolve(false));
    const username = administratorName(`${job.id}.1`);
    const { executor, plays } = stage();
    start(store, executor, 4, Date.now, [{ clone_id: 'shop', clone_url: 'http://127.0.0.1:8102', username }]);
    await expect.poll(() => plays.map((play) => play.job.id)).toEqual([job.id]);
  });

  it('keeps a finished job for itself until a full disk takes the end of it', async () => {
    const { store } = open();
    const { executor, plays } = stage();
    const { job } = await store.enqueue(newJob());
    // A real full disk is in the tests of the agent; here only its error matters.
    let tries = 0;
    const complete: JobStore['complete'] = (...words) => {
      tries += 1;
      return tries === 1 ? Promise.reject(new WpcloneError('DISK_FULL', 'No space left.')) : store.complete(...words);
    };
    start({ ...store, complete }, executor);
    await expect.poll(() => plays.length).toBe(1);
    plays[0]?.end();
    await expect.poll(() => tries).toBe(1);
    expect((await store.find(job.id))?.state).toBe('running');
    await expect.poll(async () => (await store.find(job.id))?.state).toBe('completed');
  });

  it('fails a job whose end cannot be written for a reason that no waiting changes, and gives its place to the next', async () => {
    const { store } = open();
    const { executor, plays } = stage();
    const [first, second] = await several(store, 2);
    const complete: JobStore['complete'] = (attempt, ...rest) =>
      attempt.id === first?.job.id ? Promise.reject(new TypeError('not writable')) : store.complete(attempt, ...rest);
    start({ ...store, complete }, executor, 1);
    await expect.poll(() => plays.length).toBe(1);
    plays[0]?.end();
    await expect.poll(() => plays.length).toBe(2);
    const end = await store.find(first?.job.id ?? '');
    expect(end).toMatchObject({ state: 'failed', error: { code: 'INTERNAL', message: 'not writable' } });
    plays[1]?.end();
    await expect.poll(async () => (await store.find(second?.job.id ?? ''))?.state).toBe('completed');
  });

  it('leaves the end of a job to the next agent when it must stop and the disk is still full', async () => {
    const { store } = open();
    const { executor, plays } = stage();
    const { job } = await store.enqueue(newJob());
    const full = () => Promise.reject(new WpcloneError('DISK_FULL', 'No space left.'));
    const runner = start({ ...store, complete: full }, executor);
    await expect.poll(() => plays.length).toBe(1);
    plays[0]?.end();
    await runner.drain(50);
    expect((await store.find(job.id))?.state).toBe('running');
  });

  it('stops a job at once that was cancelled when its agent died, and asks what is left of it', async () => {
    const { store } = open();
    const { job } = await store.enqueue(newJob());
    await store.claim(OWNER, LIMITS);
    await store.cancel(job.id);
    await store.reap(() => Promise.resolve(false));
    const { executor, plays } = stage();
    start(store, executor);
    await expect.poll(() => plays.length).toBe(1);
    expect(plays[0]?.signal.reason).toMatchObject({ code: 'CANCELLED' });
    // Its clone was ready: the job is completed, however late somebody wanted it to stop.
    plays[0]?.end();
    await expect.poll(async () => (await store.find(job.id))?.state).toBe('completed');
  });

  it('stops a job that was cut off and is then cancelled also where no other can be begun', async () => {
    const { store } = open();
    const { job } = await store.enqueue(newJob());
    await store.enqueue(newJob());
    const first = await store.claim(OWNER, LIMITS);
    if (first !== undefined) await store.checkpoint(first.attempt, { worker: { pid: 7, startedAt: 'boot:7' } });
    await store.reap(() => Promise.resolve(false));
    const { executor, plays } = stage();
    const runner = start(store, executor, 0);
    await store.cancel(job.id);
    runner.wake('stop');
    await expect.poll(() => plays.map((play) => play.signal.reason)).toMatchObject([{ code: 'CANCELLED' }]);
    plays[0]?.fail(new WpcloneError('CANCELLED', 'Cancelled.'));
    await expect.poll(() => store.find(job.id)).toMatchObject({ state: 'failed', error: { code: 'CANCELLED' } });
    expect(plays).toHaveLength(1);
  });

  it('does not begin a cancelled job again without end whose process always dies', async () => {
    const { store } = open();
    const { job } = await store.enqueue(newJob());
    let begun = 0;
    const died = new WpcloneError('WORKER_DIED', 'Gone.', { retryable: true });
    const executor: Executor = {
      async run() {
        begun += 1;
        if (begun === 1) await store.cancel(job.id);
        // As slow as a process is, at the least: others get their turn.
        await new Promise(setImmediate);
        throw died;
      },
    };
    const runner = start(store, executor);
    await expect.poll(() => begun).toBeGreaterThan(0);
    runner.wake('stop');
    await expect.poll(async () => (await store.find(job.id))?.state, { timeout: 10_000 }).toBe('failed');
    expect(begun).toBeLessThan(6);
  });

  it('writes what happened in order, and not every counter', async () => {
    const { store } = open();
    const { executor, plays } = stage();
    const { job } = await store.enqueue(newJob());
    start(store, executor);
    await expect.poll(() => plays.length).toBe(1);
    const emit = plays[0]?.emit;
    emit?.({ type: 'step-started', step: 'files' });
    for (let files = 1; files <= 200; files += 1)
      emit?.({ type: 'step-progress', step: 'files', counters: { files, totalFiles: 200 } });
    emit?.({ type: 'step-finished', step: 'files', message: '200 files', seconds: 1 });
    await expect.poll(async () => (await store.find(job.id))?.message).toBe('200 files');
    const log = (await store.events(0, { job: job.id, limit: 500 })).map(({ event }) => event.type);
    expect(log.slice(0, 3)).toEqual(['job', 'job', 'step-started']);
    expect(log.at(-1)).toBe('step-finished');
    expect(log.length).toBeLessThan(20);
    expect((await store.find(job.id))?.progress).toBe(35);
  });
});
