import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Sqlite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/state/database.ts';
import { openState } from '../../src/state/open.ts';
import type { State } from '../../src/state/types.ts';

let home: string;
beforeEach(() => {
  home = join(mkdtempSync(join(tmpdir(), 'wpclone-state-')), 'home');
});
afterEach(() => rmSync(join(home, '..'), { recursive: true, force: true }));

function open(): State {
  const state = openState(home, { now: Date.now, sleep: (milliseconds) => sleep(milliseconds), randomBytes });
  onTestFinished(() => state.close());
  return state;
}
const source = { url: 'https://a.example', endpoint: '', keyId: '', secret: '', insecureTls: false, lastUsedAt: 1 };

describe('a second connection of one process', () => {
  /** The kernel's locks on the file (proc(5), /proc/locks). */
  const locks = (): string[] => {
    const number = String(statSync(join(home, 'state.db')).ino);
    return (
      readFileSync('/proc/locks', 'utf8')
        .split('\n')
        .filter((line) => line.includes(`:${number} `))
        // The first column only counts the locks of the whole machine.
        .map((line) => line.replace(/^\d+: /, ''))
    );
  };

  it('is opened without dropping the locks of the first, which the kernel would do on any plain close', () => {
    const first = openDatabase(home, () => 5);
    first.prepare('SELECT * FROM sources').all();
    const before = locks();
    expect(before).not.toEqual([]);
    const second = openDatabase(home, () => 5);
    expect(locks()).toEqual(before);
    second.close();
    first.close();
  });
});

describe('a process that lives long', () => {
  it('neither writes nor reads what a newer wpclone has changed under it', async () => {
    const state = open();
    await state.sources.save(source);
    const newer = new Sqlite(join(home, 'state.db'));
    newer.exec("INSERT INTO migrations VALUES (99, 'from the future', 0)");
    const refused = expect.objectContaining({ code: 'STATE_NEWER' });
    await expect(state.sources.remove(source.url)).rejects.toThrow(refused);
    await expect(state.sources.list()).rejects.toThrow(refused);
    expect(newer.prepare('SELECT url FROM sources').pluck().all()).toEqual([source.url]);
    newer.close();
  });

  it('goes on with everything else while another holds the database, and then writes', async () => {
    const state = open();
    const other = new Sqlite(join(home, 'state.db'));
    other.exec('BEGIN IMMEDIATE');
    let ticks = 0;
    const watch = setInterval(() => (ticks += 1), 5);
    const saving = state.sources.save(source);
    await sleep(1_500);
    other.exec('COMMIT');
    other.close();
    await saving;
    clearInterval(watch);
    expect(await state.sources.list()).toHaveLength(1);
    // The old way stood still for all of it.
    expect(ticks).toBeGreaterThan(3);
  });
});
