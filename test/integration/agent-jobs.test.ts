import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startRunner } from '../../src/agent/jobs/runner.ts';
import type { JobStore } from '../../src/agent/jobs/store.ts';
import type { JsonObject } from '../../src/agent/jobs/types.ts';
import { readCheckpoint } from '../../src/agent/work/checkpoint.ts';
import { processExecutor } from '../../src/agent/work/executor.ts';
import { keepWorkers, type Workers } from '../../src/agent/work/workers.ts';
import { WpcloneError } from '../../src/shared/errors.ts';
import { createDirectOperations } from '../../src/operations/direct.ts';
import { LIMITS, newJob, OWNER } from '../support/job-store/kit.ts';
import { sqliteStores } from '../support/job-store/sqlite.ts';
import { homeOfTest } from '../support/local-test.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { workContext } from '../support/work.ts';

let source: Source;
beforeAll(async () => {
  source = await startSource({ host: '127.0.0.111', posts: 3 });
});
afterAll(() => source.stop());

const { open, clean } = sqliteStores();
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
  clean();
});

/** A runner whose jobs are real child processes on a home of the test's own; `taking` may do something to each that is taken. */
function start(taking: (take: Workers['take']) => Workers['take'] = (take) => take) {
  const { home } = homeOfTest();
  const settings = { home, runtime: 'local' as const, kubernetes: {}, environment: process.env };
  const { store } = open();
  /** What a successor would know, had the agent died before it wrote the end of a job. */
  const known: unknown[] = [];
  const complete: JobStore['complete'] = async (attempt, ...rest) => {
    known.push((await store.find(attempt.id))?.checkpoint);
    return store.complete(attempt, ...rest);
  };
  const operations = createDirectOperations(settings);
  const leaving = new AbortController();
  const workers = keepWorkers(settings, { ...workContext(), signal: leaving.signal });
  const runner = startRunner({
    store: { ...store, complete },
    executor: processExecutor(settings, { ...workers, take: taking(workers.take) }, workContext()),
    owner: OWNER,
    limits: LIMITS,
    concurrency: 2,
    clones: () => operations.list(workContext()),
    work: workContext(),
  });
  ends.push(
    async () => leaving.abort(),
    () => operations.close(),
    () => runner.drain(0),
  );
  return { home, store, runner, operations, known, workers };
}

const cloneJob = (name: string, password = source.adminPassword) =>
  newJob({
    clone: name,
    customer: null,
    request: {
      url: source.url,
      name,
      username: source.adminUser,
      insecureTls: false,
      ttlSeconds: 600,
      media: 'copy',
      excludeTables: [],
      excludePaths: [],
      keepMail: false,
      strict: false,
    },
    secrets: { source_password: password },
  });

describe('a job in a process of its own', () => {
  it('makes the clone, tells of its steps, keeps what lets people in apart; its process does the next one too, and ends with one that fails, whatever that left open', async () => {
    const taken: ChildProcess[] = [];
    const { home, store, operations, runner, known } = start((take) => () => {
      const child = take();
      taken.push(child);
      return child;
    });
    const { job } = await store.enqueue(cloneJob('by-job'));
    runner.wake('begin');
    await expect.poll(async () => (await store.find(job.id))?.state, { timeout: 120_000 }).toBe('completed');
    const ended = await store.find(job.id);
    expect(known).toEqual([{ name: 'by-job', worker: expect.anything(), provisioned: true }]);
    expect(ended).toMatchObject({ progress: 100, result: { clone_id: 'by-job', status: 'ready' } });
    expect(await store.resultSecrets(job.id)).toEqual({ password: expect.any(String), login_url: expect.any(String) });
    const log = (await store.events(0, { job: job.id, limit: 500 })).map(({ event }) => event);
    const finished = log.flatMap((event) => (event.type === 'step-finished' ? [event.step] : []));
    expect(finished.toSorted()).toEqual(['configure', 'connect', 'database', 'files', 'provision', 'verify']);
    expect((await operations.list(workContext())).map((clone) => clone.clone_id)).toEqual(['by-job']);

    // One that cannot be started, as on another machine than its files: that is said, and whatever was left open holds up no end.
    const [folder, aside] = [join(home, 'clones'), join(home, 'aside')];
    renameSync(folder, aside);
    const reset = await store.enqueue(newJob({ kind: 'reset', clone: 'by-job', customer: null, secrets: {} }));
    runner.wake('begin');
    await expect.poll(async () => (await store.find(reset.job.id))?.state, { timeout: 60_000 }).toBe('failed');
    expect((await store.find(reset.job.id))?.error).toMatchObject({ code: 'CLONE_GONE' });
    renameSync(aside, folder);

    const removal = await store.enqueue(newJob({ kind: 'delete', clone: 'by-job', customer: null, secrets: {} }));
    runner.wake('begin');
    await expect.poll(async () => (await store.find(removal.job.id))?.state, { timeout: 60_000 }).toBe('completed');
    expect(await operations.list(workContext())).toEqual([]);

    const [first, second, third] = taken;
    expect(second).toBe(first);
    expect(first?.exitCode).toBe(0);
    expect(third?.pid).not.toBe(first?.pid);
    expect(third?.exitCode).toBeNull();
  });

  it('does not wait for a process that has become another job’s, when its own end could not be written', async () => {
    const { home } = homeOfTest();
    const settings = { home, runtime: 'local' as const, kubernetes: {}, environment: process.env };
    const leaving = new AbortController();
    ends.push(async () => leaving.abort());
    const workers = keepWorkers(settings, { ...workContext(), signal: leaving.signal });
    let taken = 0;
    const take = (): ChildProcess => {
      taken += 1;
      return workers.take();
    };
    const executor = processExecutor(settings, { ...workers, take }, workContext());
    const { store } = open();
    await store.enqueue(newJob({ kind: 'delete', clone: 'nobody', customer: null, secrets: {} }));
    const claimed = await store.claim(OWNER, LIMITS);
    if (claimed === undefined) throw new Error('There is no job.');
    let note: JsonObject = { worker: { pid: process.pid, startedAt: 'long ago' } };
    const port = {
      signal: AbortSignal.timeout(60_000),
      emit: () => undefined,
      checkpoint: async (value: JsonObject) => void (note = value),
    };
    // What an earlier attempt may have removed need not be there.
    const attempt = () => executor.run({ ...claimed, job: { ...claimed.job, checkpoint: note } }, port);
    const first = await attempt();
    const { worker } = readCheckpoint(note);
    expect(await attempt()).toEqual(first);
    expect(readCheckpoint(note).worker).toEqual(worker);

    // Nor, when it is cancelled, is what it left not looked at.
    const signal = AbortSignal.abort(new WpcloneError('CANCELLED', 'Cancelled.'));
    const cancelled = executor.run({ ...claimed, job: { ...claimed.job, checkpoint: note } }, { ...port, signal });
    await cancelled.catch(() => undefined);
    expect(taken).toBe(3);
  });

  it('costs no attempt when its process is killed in the moment in which it is taken', async () => {
    let killed = 0;
    const { store, runner } = start((take) => () => {
      const child = take();
      // Nobody has heard of that yet.
      if ((killed += 1) === 1) child.kill('SIGKILL');
      return child;
    });
    const { job } = await store.enqueue(newJob({ kind: 'delete', clone: 'nobody', customer: null, secrets: {} }));
    runner.wake('begin');
    await expect.poll(async () => (await store.find(job.id))?.finishedAt, { timeout: 60_000 }).not.toBeNull();
    expect(await store.find(job.id)).toMatchObject({ epoch: 1, state: 'completed' });
    expect(killed).toBe(2);
  });

  it('is tried again later, and not in process after process, when each of them dies', async () => {
    let taken = 0;
    const { store, runner } = start((take) => () => {
      const child = take();
      // Those of the first attempt.
      if ((taken += 1) <= 2) child.kill('SIGKILL');
      return child;
    });
    const { job } = await store.enqueue(newJob({ kind: 'delete', clone: 'nobody', customer: null, secrets: {} }));
    runner.wake('begin');
    await expect.poll(async () => (await store.find(job.id))?.finishedAt, { timeout: 60_000 }).not.toBeNull();
    // Where the death was heard of before it was noted which process it was, nothing tells the next attempt that there was one.
    expect((await store.find(job.id))?.epoch).toBe(2);
    expect(taken).toBe(3);
  });

  it('fails with the error that the same command would print', async () => {
    const { store, runner } = start();
    const { job } = await store.enqueue(cloneJob('wrong', 'not the password'));
    runner.wake('begin');
    await expect.poll(async () => (await store.find(job.id))?.state, { timeout: 120_000 }).toBe('failed');
    expect((await store.find(job.id))?.error).toMatchObject({ code: 'LOGIN_FAILED' });
  });

  it('takes everything back when it is cancelled in the middle', async () => {
    const { store, runner, operations } = start();
    const { job } = await store.enqueue(cloneJob('stopped'));
    runner.wake('begin');
    const begun = async (): Promise<boolean> =>
      (await store.events(0, { job: job.id, limit: 500 })).some(
        ({ event }) => event.type === 'step-started' && event.step === 'database',
      );
    await expect.poll(begun, { timeout: 120_000 }).toBe(true);
    // Requests go before it, where the kernel weighs sessions against each other.
    const { worker } = readCheckpoint((await store.find(job.id))?.checkpoint ?? null);
    const group = `/proc/${worker?.pid}/autogroup`;
    expect(existsSync(group) ? readFileSync(group, 'latin1') : 'no groups, nice 5').toContain('nice 5');
    await store.cancel(job.id);
    runner.wake('stop');
    await expect.poll(async () => (await store.find(job.id))?.state, { timeout: 120_000 }).toBe('failed');
    expect((await store.find(job.id))?.error).toMatchObject({ code: 'CANCELLED' });
    expect(await operations.list(workContext())).toEqual([]);
  });
});
