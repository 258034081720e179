import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { jobStoreContract } from '../../support/job-store/contract.ts';
import { LIMITS, newJob, OWNER } from '../../support/job-store/kit.ts';
import { sqliteStores } from '../../support/job-store/sqlite.ts';

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

  it('finds the next job by its index, however many have ended', async () => {
    const { store, file } = open();
    await store.enqueue(newJob());
    const database = new Sqlite(file);
    const plan = database
      .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN SELECT id FROM jobs WHERE state = 'pending'`)
      .all();
    expect(plan.map(({ detail }) => detail).join()).toContain('jobs_pending');
    database.close();
    expect(await store.claim(OWNER, LIMITS)).toBeDefined();
  });
});
