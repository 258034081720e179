import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { AGENT_DATABASE } from '../../../src/agent/database.ts';
import { openDatabase } from '../../../src/state/database.ts';
import { jobStoreContract } from '../../support/job-store/contract.ts';
import { LIMITS, newJob, OWNER } from '../../support/job-store/kit.ts';
import { sqliteStores } from '../../support/job-store/sqlite.ts';
import { makeTemp } from '../../support/temp.ts';

const { open, clean } = sqliteStores();
afterEach(clean);

describe('jobs in SQLite', () => {
  jobStoreContract(() => Promise.resolve(open()));

  it('waits for another process that holds the database, and lets the event loop turn meanwhile', async () => {
    const { store, file } = open();
    const other = new Sqlite(file);
    other.exec('BEGIN IMMEDIATE');
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 20);
    const enqueued = store.enqueue(newJob());
    await sleep(1_000);
    other.exec('COMMIT');
    other.close();
    await expect(enqueued).resolves.toMatchObject({ replayed: false });
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(5);
  });

  it('ends a job whose passwords do not open any more, and goes on with the others', async () => {
    const { store, file } = open();
    const { job } = await store.enqueue(newJob());
    const next = await store.enqueue(newJob());
    const database = new Sqlite(file);
    database.prepare('UPDATE jobs SET secrets = ? WHERE id = ?').run(Buffer.alloc(64), job.id);
    database.close();
    expect((await store.claim(OWNER, LIMITS))?.job.id).toBe(next.job.id);
    expect(await store.find(job.id)).toMatchObject({ state: 'failed', owner: null, error: { code: 'STATE_FAILED' } });
  });

  it('keeps nothing by which the password of a request could be found out', async () => {
    const { store, file } = open();
    const key = { scope: 't', key: 'k', requestHash: 'a-hash-of-the-request' };
    const { job } = await store.enqueue(newJob(), { key });
    expect(await store.findByKey(key)).toMatchObject({ id: job.id });
    const database = new Sqlite(file);
    const rows = database.prepare('SELECT * FROM idempotency_keys').all();
    database.close();
    expect(JSON.stringify(rows)).not.toContain('a-hash-of');
  });

  it('knows how many jobs there are without counting them, whatever became of them', async () => {
    const { store, file } = open();
    for (let n = 0; n < 4; n += 1) await store.enqueue(newJob({ customer: null }));
    const taken = [
      await store.claim(OWNER, LIMITS),
      await store.claim(OWNER, LIMITS),
      await store.claim(OWNER, LIMITS),
    ];
    const [first, second] = taken.flatMap((claimed) => (claimed === undefined ? [] : [claimed.attempt]));
    if (first !== undefined) await store.complete(first, {}, {});
    if (second !== undefined) await store.release(second);
    expect(await store.counts()).toMatchObject({ pending: 2, running: 1, completed: 1, failed: 0 });
    await store.reap(() => Promise.resolve(false));
    for (const { id } of await store.list({ states: ['pending'] })) await store.cancel(id);
    expect(await store.counts()).toMatchObject({ pending: 0, running: 0, completed: 1, failed: 3 });
    await store.prune(Number.MAX_SAFE_INTEGER);
    expect(await store.counts()).toMatchObject({ pending: 0, running: 0, completed: 0, failed: 0 });
    const database = new Sqlite(file);
    database.prepare(`UPDATE job_counts SET jobs = 100000 WHERE state = 'completed'`).run();
    database.close();
    expect((await store.counts()).completed).toBe(100_000);
  });

  it('finds the next job, and how many of a customer wait, by an index, however many have ended or are others’', async () => {
    const { store, file } = open();
    await store.enqueue(newJob());
    const database = new Sqlite(file);
    const planOf = (sql: string): string =>
      database
        .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
        .all()
        .map(({ detail }) => detail)
        .join();
    expect(planOf(`SELECT id FROM jobs WHERE state = 'pending'`)).toContain('jobs_pending');
    expect(planOf(`SELECT count(*) FROM jobs WHERE state = 'pending' AND customer = 'a'`)).toContain(
      'COVERING INDEX jobs_pending_customer',
    );
    database.close();
    expect(await store.claim(OWNER, LIMITS)).toBeDefined();
  });

  it('compiles a statement once, however often it is asked for', () => {
    const database = openDatabase(makeTemp('statements'), Date.now, AGENT_DATABASE);
    const ask = () => database.prepare('SELECT 1');
    expect(ask()).toBe(ask());
    database.close();
  });
});
