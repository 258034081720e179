import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { JOB_DATABASE } from '../../../src/agent/jobs/sqlite/schema.ts';
import { sqliteJobStore } from '../../../src/agent/jobs/sqlite/store.ts';
import type { JobStore } from '../../../src/agent/jobs/store.ts';
import { openDatabase } from '../../../src/state/database.ts';
import { secretBox } from '../../../src/state/secrets.ts';
import { jobStoreContract } from '../../support/job-store/contract.ts';
import { LIMITS, newJob, OWNER, type TestStore } from '../../support/job-store/kit.ts';

const folders: string[] = [];
const stores: JobStore[] = [];

afterEach(() => {
  for (const store of stores.splice(0)) store.close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function open(): TestStore & { readonly file: string } {
  const home = mkdtempSync(join(tmpdir(), 'wpclone-jobs-'));
  folders.push(home);
  const clock = { now: 1_700_000_000_000 };
  const key = randomBytes(32);
  const again = (): JobStore => {
    const database = openDatabase(home, () => clock.now, JOB_DATABASE);
    const parts = {
      database,
      box: secretBox(key, 'key', randomBytes),
      now: () => clock.now,
      newId: () => `job-${randomBytes(8).toString('hex')}`,
    };
    const store = sqliteJobStore(parts, {
      now: Date.now,
      sleep: (ms, signal) => sleep(ms, undefined, { signal }),
      randomBytes,
    });
    stores.push(store);
    return store;
  };
  const written = (): string =>
    readdirSync(home)
      .map((name) => readFileSync(join(home, name), 'latin1'))
      .join('');
  return { store: again(), clock, again, written, file: join(home, 'jobs.db') };
}

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
