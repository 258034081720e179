import type * as FileSystem from 'node:fs';
import { renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { AGENT_DATABASE } from '../../src/agent/database.ts';
import { type Commits, syncCommits } from '../../src/state/commits.ts';
import { type Database, openDatabase } from '../../src/state/database.ts';
import { sqliteStores } from '../support/job-store/sqlite.ts';
import { newJob } from '../support/job-store/kit.ts';
import { makeTemp } from '../support/temp.ts';
import { workContext } from '../support/work.ts';

/** Files that were put on the disk, by name. */
const synced = vi.hoisted(() => [] as string[]);
/** How many more times the disk does not take it. */
const disk = vi.hoisted(() => ({ failures: 0 }));
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof FileSystem>();
  return {
    ...fs,
    fdatasyncSync: (file: number) => {
      if (disk.failures-- > 0) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
      synced.push(fs.readlinkSync(`/proc/self/fd/${file}`));
      fs.fdatasyncSync(file);
    },
  };
});

const opened: { readonly database: Database; readonly commits: Commits }[] = [];
const stores = sqliteStores();
afterEach(() => {
  for (const { database, commits } of opened.splice(0)) {
    commits.close();
    database.close();
  }
  stores.clean();
  synced.length = 0;
  disk.failures = 0;
});

function start() {
  const home = makeTemp('commits');
  const database = openDatabase(home, Date.now, AGENT_DATABASE);
  const warnings: string[] = [];
  const commits = syncCommits(database, {
    log: { ...workContext().log, warn: (message) => void warnings.push(message) },
  });
  opened.push({ database, commits });
  return { database, commits, warnings, log: join(home, 'agent.db-wal'), file: join(home, 'agent.db') };
}
const note = (database: Database, at: number): void =>
  void database.prepare('INSERT OR REPLACE INTO probe VALUES (1, ?)').run(at);

describe('what was committed', () => {
  it('is put on the disk once, and what was only looked at is not', () => {
    const { database, commits, log } = start();
    commits.sync();
    synced.length = 0;
    note(database, 1);
    commits.sync();
    expect(synced).toEqual([log]);
    database.prepare('SELECT * FROM probe').all();
    commits.sync();
    commits.sync();
    expect(synced).toEqual([log]);
    note(database, 2);
    commits.sync();
    expect(synced).toEqual([log, log]);
  });

  it('is on the disk before a job is promised to anybody', async () => {
    const { store, file } = stores.open();
    synced.length = 0;
    await store.enqueue(newJob());
    expect(synced).toEqual([`${file}-wal`]);
    await store.find('job-none');
    expect(synced).toHaveLength(1);
  });

  it('does not rely on a log of which the disk once did not take a part: the kernel tells of that only once', () => {
    const { database, commits, log, file } = start();
    note(database, 1);
    disk.failures = 1;
    expect(() => commits.sync()).toThrow('EIO');
    note(database, 2);
    const reader = openDatabase(dirname(file), Date.now, AGENT_DATABASE);
    reader.exec('BEGIN');
    reader.prepare('SELECT * FROM probe').all();
    expect(() => commits.sync()).toThrow('still read');
    reader.exec('COMMIT');
    commits.sync();
    expect(statSync(log).size).toBe(0);
    reader.close();
    note(database, 3);
    commits.sync();
    expect(statSync(log).size).toBeGreaterThan(0);
  });

  it('is brought to its place by a thread, and the log does not grow without end', async () => {
    const { database, commits, log, file } = start();
    const size = (path: string): number => statSync(path).size;
    const empty = size(file);
    const token = database.prepare<[string]>(
      `INSERT INTO tokens VALUES (?, '', zeroblob(9000), '', NULL, 0, NULL, NULL)`,
    );
    const add = (name: string): void => {
      token.run(name);
      commits.sync();
    };
    // A tenth of the log that SQLite itself would then wait for.
    for (let n = 0; n < 140; n += 1) add(`early ${n}`);
    await expect.poll(() => size(file), { timeout: 20_000 }).toBeGreaterThan(empty + 500_000);
    let late = 0;
    const grown = async (): Promise<number> => {
      const before = size(log);
      add(`late ${(late += 1)}`);
      return size(log) - before;
    };
    await expect.poll(grown, { timeout: 20_000 }).toBe(0);
  });

  it('is told of when the thread cannot bring it to its place, and stays where it is', async () => {
    const { database, commits, warnings, file } = start();
    renameSync(file, `${file}.away`);
    for (let n = 0; n < 140; n += 1) {
      note(database, n);
      commits.sync();
    }
    await expect.poll(() => warnings[0], { timeout: 20_000 }).toBe('the log of the database was not put in order');
    expect(database.prepare('SELECT at FROM probe').pluck().get()).toBe(139);
  });
});
