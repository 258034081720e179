import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync, mkdirSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
  const state = openState(home, { now: () => 1_000, sleep: (milliseconds) => sleep(milliseconds), randomBytes });
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
const unit = (name: string) => ({
  name,
  state: 'CREATING' as const,
  revision: 'r-1',
  databasePassword: `db-password-of-${name}`,
  lease: { jobId: 'job-1', pid: 17, startedAt: '998877' },
  epoch: 1,
});
const clone = (id: string) => ({ id, sourceUrl: source.url, expiresAt: 2_000 });

beforeEach(() => {
  home = join(mkdtempSync(join(tmpdir(), 'wpclone-state-')), 'home');
});
afterEach(() => {
  for (const state of opened.splice(0)) state.close();
  rmSync(join(home, '..'), { recursive: true, force: true });
});

describe('what is remembered', () => {
  it('comes back in the next process as it was saved', async () => {
    const first = open();
    await first.sources.save(source);
    const made = await first.units.create(unit('u-1'), clone('a'), ports);
    const url = 'http://127.0.0.1:8101/blog';
    const ready = await first.units.change(made, { state: 'READY', lease: null, clone: { adminPassword: 'pw', url } });
    const second = open();
    expect(await second.sources.find(source.url)).toEqual(source);
    expect(await second.sources.list()).toEqual([source]);
    expect(await second.units.holding('a')).toEqual(ready);
    expect(ready).toEqual({
      ...made,
      state: 'READY',
      lease: null,
      clone: { ...made.clone, adminPassword: 'pw', url },
    });
  });

  it('is changed by saving again and forgotten by removing', async () => {
    const state = open();
    await state.sources.save(source);
    await state.sources.save({ ...source, lastUsedAt: 43, secret: 'another' });
    expect(await state.sources.list()).toEqual([{ ...source, lastUsedAt: 43, secret: 'another' }]);
    await state.sources.remove(source.url);
    expect(await state.sources.find(source.url)).toBeUndefined();
    await state.units.create(unit('u-1'), clone('a'), ports);
    await state.units.remove('u-1');
    await state.units.remove('u-1');
    expect(await state.units.list()).toEqual([]);
    expect(await state.units.holding('a')).toBeUndefined();
  });

  it('changes a unit as it was seen only when nobody has changed its state, its lease, its clone or the end of that since', async () => {
    const [one, other] = [open(), open()];
    const seen = await one.units.create(unit('u-1'), clone('a'), ports);
    const ready = await other.units.change(seen, { state: 'READY', lease: null });
    expect(await one.units.change(seen, { state: 'DELETING' })).toBeUndefined();
    expect(await one.units.find('u-1')).toEqual(ready);
    if (ready === undefined) throw new Error('it was not changed');
    const later = await one.units.change(ready, { clone: { expiresAt: 9_000 } });
    expect(later?.clone?.expiresAt).toBe(9_000);
    expect(await other.units.change(ready, { state: 'RESETTING' })).toBeUndefined();
    expect(await other.units.change({ ...ready, epoch: 2 }, { state: 'RESETTING' })).toBeUndefined();
    await one.units.remove('u-1');
    expect(await other.units.change(ready, { state: 'READY' })).toBeUndefined();
  });

  it('puts a clone into an empty unit for one of several that want it', async () => {
    const [one, other] = [open(), open()];
    const made = await one.units.create({ ...unit('u-1'), lease: null, state: 'WARM' }, undefined, ports);
    const taken = await Promise.all(
      [one, other].map((state, index) => state.units.assign(made, clone(`c-${index}`), { state: 'ASSIGNED' })),
    );
    expect(taken.filter((each) => each !== undefined)).toHaveLength(1);
    expect((await one.units.list()).map((each) => each.clone?.id)).toEqual([
      taken[0]?.clone?.id ?? taken[1]?.clone?.id,
    ]);
  });
});

describe('names and ports', () => {
  it('gives the port that is wanted, else the lowest free one, leaving out the ones to avoid, and reuses freed ones', async () => {
    const state = open();
    expect((await state.units.create(unit('w'), undefined, { ...ports, wanted: 8103 })).port).toBe(8103);
    await state.units.remove('w');
    expect((await state.units.create(unit('a'), undefined, ports)).port).toBe(8101);
    const second = await state.units.create(unit('b'), clone('b'), ports);
    expect(second).toMatchObject({ port: 8103, clone: { url: 'http://127.0.0.1:8103' } });
    const none = expect.objectContaining({ code: 'PORTS_EXHAUSTED' });
    await expect(state.units.create(unit('c'), undefined, ports)).rejects.toThrow(none);
    await expect(state.units.move(second, ports)).rejects.toThrow(none);
    await state.units.remove('a');
    expect(await state.units.move(second, ports)).toMatchObject({
      port: 8101,
      clone: { url: 'http://127.0.0.1:8101' },
    });
  });

  it('gives the name of a clone only once, whatever unit it is in, and takes nothing with it when it is taken', async () => {
    const state = open();
    await state.units.create(unit('u-1'), clone('a'), ports);
    const taken = expect.objectContaining({ code: 'NAME_TAKEN' });
    await expect(state.units.create(unit('u-2'), clone('a'), ports)).rejects.toThrow(taken);
    expect(await state.units.list()).toHaveLength(1);
    const empty = await state.units.create({ ...unit('u-2'), state: 'WARM' }, undefined, ports);
    await expect(state.units.assign(empty, clone('a'), { state: 'ASSIGNED' })).rejects.toThrow(taken);
    expect(await state.units.find('u-2')).toEqual(empty);
  });

  it('lets a clone take over the name of another, all of it or nothing', async () => {
    const state = open();
    const lease = unit('u-1').lease;
    const old = await state.units.create({ ...unit('u-1'), state: 'READY', lease: null }, clone('a'), ports);
    const made = await state.units.create({ ...unit('u-2'), state: 'ASSIGNED', lease }, clone('a-spare'), ports);
    const changes = { state: 'READY' as const, lease: null, clone: { adminPassword: 'pw' } };
    await state.units.change(old, { clone: { expiresAt: 9_000 } });
    expect(await state.units.takeOver(made, 'a', old, changes)).toBeUndefined();
    expect((await state.units.holding('a'))?.name).toBe('u-1');
    await expect(state.units.takeOver(made, 'a', undefined, changes)).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    expect(await state.units.find('u-2')).toEqual(made);
    const seen = await state.units.find('u-1');
    const ready = await state.units.takeOver(made, 'a', seen, changes);
    expect(ready).toMatchObject({ name: 'u-2', state: 'READY', clone: { id: 'a', adminPassword: 'pw' } });
    expect(await open().units.list()).toMatchObject([{ state: 'DELETING', clone: null, lease: null }, ready]);
  });

  it('gives processes that start at the same time on an empty folder one key and different ports', async () => {
    const script = `
      import { openState } from ${JSON.stringify(join(import.meta.dirname, '../../src/state/open.ts'))};
      const { randomBytes } = await import('node:crypto');
      const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
      const state = openState(${JSON.stringify(home)}, { now: Date.now, sleep, randomBytes });
      const unit = { name: 'p' + process.pid, state: 'CREATING', databasePassword: 'secret', lease: null, epoch: 1 };
      await state.units.create(unit, undefined, { first: 9000, last: 9100, avoid: new Set() });
      await state.units.list();`;
    const children = Array.from({ length: 8 }, () =>
      spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'ignore', 'inherit'] }),
    );
    const codes: unknown[] = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual(children.map(() => 0));
    const rows = await open().units.list();
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
          openState(home + '/' + round, { now: Date.now, sleep: undefined, randomBytes }).close();
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
  it('are readable by nobody else and never stand in the files in plain text', async () => {
    const state = open();
    await state.sources.save(source);
    const made = await state.units.create(unit('a'), clone('b'), ports);
    await state.units.change(made, { clone: { adminPassword: 'admin-password' } });
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

  it('fails closed when the key does not fit, is missing or is no key', async () => {
    await open().sources.save(source);
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

  it('is brought forward with what is stored, and a step that fails changes nothing', async () => {
    await open().sources.save(source);
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
