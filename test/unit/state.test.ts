import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync, mkdirSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import Sqlite from 'better-sqlite3';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDatabase, STATE_DATABASE } from '../../src/state/database.ts';
import { MIGRATIONS } from '../../src/state/migrations.ts';
import { openState } from '../../src/state/open.ts';
import { secretBox } from '../../src/state/secrets.ts';
import type { KnownSource, State } from '../../src/state/types.ts';

let home: string;
const opened: State[] = [];

const open = (): State => {
  const state = openState(home, { now: () => 1_000, randomBytes });
  opened.push(state);
  return state;
};
const mode = (path: string): number => statSync(path).mode & 0o777;
const ports = { first: 8101, last: 8103, avoid: new Set([8102]) };
const source: KnownSource = {
  url: 'https://mysite.example',
  endpoint: 'https://mysite.example/index.php',
  keyId: 'k1',
  secret: 'the-secret-of-the-source',
  insecureTls: true,
  lastUsedAt: 42,
};
const instance = (id: string) => ({
  id,
  state: 'creating' as const,
  sourceUrl: source.url,
  wordpressVersion: null,
  phpVersion: null,
  adminUsername: null,
  adminPassword: null,
  databasePassword: `db-password-of-${id}`,
  owner: { jobId: 'job-1', pid: 17, startedAt: '998877' },
  epoch: 1,
  createdAt: 1,
  expiresAt: 2,
  findings: [],
});

beforeEach(() => {
  home = join(mkdtempSync(join(tmpdir(), 'wpclone-state-')), 'home');
});
afterEach(() => {
  for (const state of opened.splice(0)) state.close();
  rmSync(join(home, '..'), { recursive: true, force: true });
});

describe('what is remembered', () => {
  it('comes back in the next process as it was saved', () => {
    const first = open();
    first.sources.save(source);
    const row = first.instances.create(instance('a-1'), ports);
    first.instances.update('a-1', {
      state: 'ready',
      adminPassword: 'pw',
      owner: null,
      url: 'http://localhost:8101/blog',
    });
    const second = open();
    expect(second.sources.find(source.url)).toEqual(source);
    expect(second.sources.list()).toEqual([source]);
    expect(second.instances.find('a-1')).toEqual({
      ...row,
      state: 'ready',
      adminPassword: 'pw',
      owner: null,
      url: 'http://localhost:8101/blog',
    });
  });

  it('is changed by saving again and forgotten by removing', () => {
    const state = open();
    state.sources.save(source);
    state.sources.save({ ...source, lastUsedAt: 43, secret: 'another' });
    expect(state.sources.list()).toEqual([{ ...source, lastUsedAt: 43, secret: 'another' }]);
    state.sources.remove(source.url);
    expect(state.sources.find(source.url)).toBeUndefined();
    state.instances.create(instance('a-1'), ports);
    state.instances.remove('a-1');
    state.instances.remove('a-1');
    expect(state.instances.list()).toEqual([]);
  });

  it('changes an instance as it was seen only when nobody has changed its state, owner or end since', () => {
    const [one, other] = [open(), open()];
    const seen = one.instances.create(instance('a-1'), ports);
    expect(other.instances.updateUnchanged(seen, { state: 'ready', owner: null })).toBe(true);
    expect(one.instances.updateUnchanged(seen, { state: 'failed' })).toBe(false);
    const ready = { ...seen, state: 'ready' as const, owner: null };
    expect(one.instances.find('a-1')).toEqual(ready);
    expect(
      one.instances.updateUnchanged({ ...ready, owner: { jobId: 'job-1', pid: 17, startedAt: 'x' } }, { expiresAt: 9 }),
    ).toBe(false);
    expect(one.instances.updateUnchanged(ready, { expiresAt: 9 })).toBe(true);
    expect(other.instances.updateUnchanged(ready, { state: 'resetting' })).toBe(false);
    one.instances.remove('a-1');
    expect(other.instances.updateUnchanged(ready, { state: 'ready' })).toBe(false);
  });

  it('refuses to change an instance that is gone', () => {
    expect(() => open().instances.update('gone', { state: 'ready' })).toThrow(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
  });
});

describe('ids and ports', () => {
  it('gives the lowest free port, leaving out the ones to avoid, and reuses freed ones', () => {
    const state = open();
    expect(state.instances.create(instance('a'), ports).port).toBe(8101);
    expect(state.instances.create(instance('b'), ports)).toMatchObject({ port: 8103, url: 'http://127.0.0.1:8103' });
    expect(() => state.instances.create(instance('c'), ports)).toThrow(
      expect.objectContaining({ code: 'PORTS_EXHAUSTED' }),
    );
    state.instances.remove('a');
    expect(state.instances.create(instance('c'), ports).port).toBe(8101);
  });

  it('gives an id only once', () => {
    const state = open();
    state.instances.create(instance('a'), ports);
    expect(() => state.instances.create(instance('a'), ports)).toThrow(expect.objectContaining({ code: 'NAME_TAKEN' }));
  });

  it('gives processes that start at the same time on an empty folder one key and different ports', async () => {
    const script = `
      import { openState } from ${JSON.stringify(join(import.meta.dirname, '../../src/state/open.ts'))};
      const { randomBytes } = await import('node:crypto');
      const state = openState(${JSON.stringify(home)}, { now: Date.now, randomBytes });
      const id = 'p' + process.pid;
      const row = { id, state: 'creating', sourceUrl: 'x', wordpressVersion: null, phpVersion: null, adminUsername: null,
        adminPassword: null, databasePassword: 'secret', owner: null, epoch: 1, createdAt: 1, expiresAt: 2 };
      state.instances.create(row, { first: 9000, last: 9100, avoid: new Set() });
      state.instances.list();`;
    const children = Array.from({ length: 8 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'inherit'] }),
    );
    const codes: unknown[] = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual(children.map(() => 0));
    const rows = open().instances.list();
    expect(rows.map((row) => row.port).sort((a, b) => a - b)).toEqual(rows.map((_, index) => 9000 + index));
    expect(rows).toHaveLength(8);
    expect(readdirSync(home).filter((name) => name.startsWith('secret.key'))).toEqual(['secret.key']);
  });

  it('never reports a new file as busy to those who make it at the very same moment', async () => {
    const rounds = 200;
    const arrived = new Int32Array(new SharedArrayBuffer(4 * rounds));
    const script = `
      const { workerData: { arrived, home, state } } = require('node:worker_threads');
      const { randomBytes } = require('node:crypto');
      import(state).then(({ openState }) => {
        for (let round = 0; round < arrived.length; round += 1) {
          Atomics.add(arrived, round, 1);
          while (Atomics.load(arrived, round) < 2);
          openState(home + '/' + round, { now: Date.now, randomBytes }).close();
        }
      });`;
    const state = new URL('../../src/state/open.ts', import.meta.url).href;
    const workers = [1, 2].map(() => new Worker(script, { eval: true, workerData: { arrived, home, state } }));
    const ended = Promise.all(workers.map((worker) => once(worker, 'exit')));
    // One that fails leaves the other waiting for it.
    expect(await ended.finally(() => workers.map((worker) => worker.terminate()))).toEqual([[0], [0]]);
    expect(readdirSync(home)).toHaveLength(rounds);
  });
});

describe('secrets', () => {
  it('are readable by nobody else and never stand in the files in plain text', () => {
    const state = open();
    state.sources.save(source);
    state.instances.create(instance('a'), ports);
    state.instances.update('a', { adminPassword: 'admin-password' });
    expect(mode(home)).toBe(0o700);
    for (const name of readdirSync(home)) expect([name, mode(join(home, name))]).toEqual([name, 0o600]);
    const bytes = Buffer.concat(readdirSync(home).map((name) => readFileSync(join(home, name))));
    for (const secret of [source.secret, 'db-password-of-a', 'admin-password'])
      expect(bytes.includes(secret)).toBe(false);
  });

  it('leaves the mode of a folder alone that holds other things', () => {
    mkdirSync(home);
    chmodSync(home, 0o755);
    writeFileSync(join(home, 'other'), '');
    open();
    expect(mode(home)).toBe(0o755);
  });

  it('fails closed when the key does not fit, is missing or is no key', () => {
    open().sources.save(source);
    const keyFile = join(home, 'secret.key');
    const refused = expect.objectContaining({ code: 'STATE_FAILED', message: expect.stringContaining(keyFile) });
    writeFileSync(keyFile, randomBytes(32).toString('base64url'));
    expect(open).toThrow(refused);
    writeFileSync(keyFile, 'short');
    expect(open).toThrow(refused);
    rmSync(keyFile);
    expect(open).toThrow(refused);
    expect(readdirSync(home)).not.toContain('secret.key');
  });

  it('do not decrypt in another place or after a change of any byte', () => {
    const box = secretBox(randomBytes(32), 'secret.key', randomBytes);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.nat(), (secret, position) => {
        const sealed = box.seal(secret, 'here');
        expect(box.open(sealed, 'here')).toBe(secret);
        expect(() => box.open(sealed, 'there')).toThrow(expect.objectContaining({ code: 'STATE_FAILED' }));
        const altered = Buffer.from(sealed);
        const index = position % altered.length;
        altered[index] = (altered[index] ?? 0) ^ 1;
        expect(() => box.open(altered, 'here')).toThrow(expect.objectContaining({ code: 'STATE_FAILED' }));
      }),
    );
  });
});

describe('the schema', () => {
  it('of a newer wpclone is refused with exit code 57 and left as it is', () => {
    open();
    const raw = new Sqlite(join(home, 'state.db'));
    raw.exec("INSERT INTO migrations VALUES (99, 'from the future', 0)");
    raw.close();
    expect(open).toThrow(expect.objectContaining({ code: 'STATE_NEWER', exitCode: 57 }));
  });

  it('is brought forward with what is stored, and a step that fails changes nothing', () => {
    open().sources.save(source);
    const next = (MIGRATIONS.at(-1)?.version ?? 0) + 1;
    const broken = {
      version: next,
      name: 'broken',
      sql: 'CREATE TABLE extra (x TEXT) STRICT; CREATE TABLE sources (x);',
    };
    expect(() => openDatabase(home, () => 5, { ...STATE_DATABASE, migrations: [...MIGRATIONS, broken] })).toThrow(
      expect.objectContaining({ code: 'STATE_FAILED' }),
    );
    const good = { version: next, name: 'good', sql: 'CREATE TABLE extra (x TEXT) STRICT;' };
    const database = openDatabase(home, () => 5, { ...STATE_DATABASE, migrations: [...MIGRATIONS, good] });
    expect(database.prepare('SELECT version, name, applied_at FROM migrations').all().at(-1)).toEqual({
      version: next,
      name: 'good',
      applied_at: 5,
    });
    expect(database.prepare('SELECT url FROM sources').pluck().all()).toEqual([source.url]);
    database.close();
  });

  it('is numbered from one without gaps', () => {
    expect(MIGRATIONS.map((migration) => migration.version)).toEqual(MIGRATIONS.map((_, index) => index + 1));
  });

  it('that is no database is reported with its path', () => {
    open();
    for (const state of opened.splice(0)) state.close();
    writeFileSync(join(home, 'state.db'), 'not a database at all, but long enough to be read as a header of one');
    expect(open).toThrow(expect.objectContaining({ code: 'STATE_FAILED', details: { path: join(home, 'state.db') } }));
  });

  it('in a folder that cannot be made, as below /proc, is refused and not tried for ever', () => {
    const refused = expect.objectContaining({ code: 'STATE_FAILED', details: { path: '/proc/none/below/state.db' } });
    expect(() => openDatabase('/proc/none/below', () => 5)).toThrow(refused);
  });
});

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
