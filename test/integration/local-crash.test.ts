import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { prepareInstance } from '../../src/instance/settings.ts';
import { connectAsAdministrator } from '../../src/runtime/local/database-server.ts';
import { instancePaths } from '../../src/runtime/local/layout.ts';
import { choosePhp } from '../../src/runtime/local/php.ts';
import { groupMembers } from '../../src/shared/process.ts';
import { sweepInstances } from '../../src/runtime/local/sweep.ts';
import { readWebServer, startWebServer } from '../../src/runtime/local/web-server.ts';
import { describe, expect, test } from 'vitest';
import {
  databasePid,
  eventually,
  isThere,
  lineOf,
  makeReady,
  NOTHING,
  openTestHome,
  provision,
  remains,
  serversOf,
  statusOf,
} from '../support/local-runtime.ts';
import { homeOfTest, startChild } from '../support/local-test.ts';

describe('two at once', () => {
  test('two other wpclones on a new home start one database server and both get an instance', async () => {
    const home = homeOfTest();
    const [a, b] = [startChild(home, 'provision', 'first'), startChild(home, 'provision', 'second')];
    const urls = await Promise.all([a, b].map(lineOf));
    expect(new Set(urls).size).toBe(2);
    expect(await Promise.all(urls.map(statusOf))).toEqual([503, 503]);
    expect(await home.runtime.sweep(home.context)).toEqual([]);
  });

  test('a clone does not take the server of its namesake in another home for its own', async () => {
    const [first, second] = [homeOfTest(), homeOfTest()];
    const taken = Number(new URL((await provision(first, 'one')).url).port);
    const namesake = instancePaths(second.layout, first.unit('one'));
    await prepareInstance(namesake);
    const { program } = await choosePhp(undefined, process.env['PATH'] ?? '');
    expect(await startWebServer(namesake, program, taken, second.context)).toBeUndefined();
  });

  test('many in one process', async () => {
    const home = homeOfTest();
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => provision(home, id)));
    expect(serversOf(home)).not.toHaveLength(0);
    expect(await home.state.units.list()).toHaveLength(5);
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((id) => home.runtime.remove(id, home.context)));
    expect(await remains(home)).toEqual(NOTHING);
  });
});

describe('after a crash', () => {
  test('a killed database server is started again by whoever asks for a clone', async () => {
    const home = homeOfTest();
    await makeReady(home, 'one');
    const pid = databasePid(home);
    process.kill(pid, 'SIGKILL');
    await eventually(() => !isThere(pid));
    await home.runtime.get('one', home.context);
    expect(databasePid(home)).not.toBe(pid);
    expect(await remains(home)).toMatchObject({ rows: ['one'] });
  });

  test('what was written the moment before the database server was killed is there afterwards', async () => {
    const home = homeOfTest();
    const before = await connectAsAdministrator(home.layout, home.context);
    before.on('error', () => undefined);
    await before.query('CREATE DATABASE kept');
    await before.query('CREATE TABLE kept.posts (id INT PRIMARY KEY) ENGINE=InnoDB');
    await before.query('INSERT INTO kept.posts VALUES (7)');
    const pid = databasePid(home);
    process.kill(pid, 'SIGKILL');
    await eventually(() => !isThere(pid));
    const after = await connectAsAdministrator(home.layout, home.context);
    const [rows] = await after.query('SELECT id FROM kept.posts');
    after.destroy();
    expect(rows).toEqual([{ id: 7 }]);
  });

  test('a killed web server is started again on the same port, though its workers live', async () => {
    const home = homeOfTest();
    const url = await makeReady(home, 'one');
    const before = await readWebServer(home.paths('one'));
    process.kill(before?.pid ?? 0, 'SIGKILL');
    await eventually(async () => !(await groupMembers(before?.pid ?? 0)).includes(before?.pid ?? 0));
    await home.runtime.get('one', home.context);
    expect(await statusOf(url)).toBe(503);
    const after = await readWebServer(home.paths('one'));
    expect(after?.port).toBe(before?.port);
    expect(await groupMembers(before?.pid ?? 0)).toEqual([]);
  });

  test('a clone found after a reboot is served again: nothing runs, and the ids belong to others', async () => {
    const home = homeOfTest();
    const url = await makeReady(home, 'one');
    const server = await readWebServer(home.paths('one'));
    process.kill(-(server?.pid ?? 0), 'SIGKILL');
    const old = { ...server, pid: process.pid, startedAt: `other-boot:${server?.startedAt.split(':')[1]}` };
    writeFileSync(join(home.paths('one').run, 'web-server.json'), JSON.stringify(old));
    const database = databasePid(home);
    process.kill(database, 'SIGKILL');
    await eventually(() => !isThere(database));
    writeFileSync(home.layout.database.pidFile, String(process.pid));
    await home.runtime.get('one', home.context);
    expect(await statusOf(url)).toBe(503);
  });

  test('what a killed wpclone had half made is found and removed', async () => {
    const home = homeOfTest();
    const other = startChild(home, 'provision', 'half');
    await once(other.stdout ?? other, 'data');
    expect(await home.runtime.sweep(home.context)).toEqual([]);
    other.kill('SIGKILL');
    await once(other, 'exit');
    // Whoever takes back what the dead left asks no clock, which may have jumped.
    await makeReady(home, 'ended', Date.now() - 1000);
    expect(await home.runtime.takeBack(() => false, home.context)).toEqual(['half']);
    expect(await home.runtime.sweep(home.context)).toEqual(['ended']);
    expect(await remains(home)).toEqual(NOTHING);
  });

  test('a web server whose wpclone died before it was recorded is replaced, and removed with its clone', async () => {
    const home = homeOfTest();
    const url = await makeReady(home, 'one');
    const [unrecorded] = serversOf(home);
    const first = await readWebServer(home.paths('one'));
    rmSync(join(home.paths('one').run, 'web-server.json'));
    await home.runtime.get('one', home.context);
    expect(await statusOf(url)).toBe(503);
    expect(await groupMembers(first?.pid ?? 0)).toEqual([]);
    expect(serversOf(home)).toContain(unrecorded);

    rmSync(join(home.paths('one').run, 'web-server.json'));
    await home.runtime.remove('one', home.context);
    expect(await remains(home)).toEqual(NOTHING);
  });

  test('a web server of which nothing else is left is found and ended', async () => {
    const home = homeOfTest();
    await makeReady(home, 'one');
    await makeReady(home, 'two');
    const lost = home.unit('one');
    rmSync(home.paths('one').folder, { recursive: true });
    await home.state.units.remove(lost);
    expect(await home.runtime.sweep(home.context)).toContain(lost);
    expect(await remains(home)).toMatchObject({ rows: ['two'], folders: ['two'] });
    expect(serversOf(home).filter((line) => line.includes(`/${lost}/`))).toEqual([]);
    expect(serversOf(home)).not.toEqual([]);
  });

  test('folders and databases without a row, and rows without a folder, are removed', async () => {
    const home = homeOfTest();
    await provision(home, 'kept');
    const connection = await connectAsAdministrator(home.layout, home.context);
    await connection.query('CREATE DATABASE wpclone_lost');
    await connection.end();
    mkdirSync(join(home.layout.instances, 'folder/www'), { recursive: true });
    await provision(home, 'row');
    await home.alter('row', { lease: null });
    expect((await home.runtime.sweep(home.context)).toSorted()).toEqual(['folder', 'row', 'wpclone_lost']);
    expect(await remains(home)).toMatchObject({ rows: ['kept'], folders: ['kept'] });
  });

  test('but not what a clone has taken for itself that was begun while others were removed', async () => {
    const home = homeOfTest();
    const { units } = home.state;
    await provision(home, 'over');
    await home.alter('over', { lease: null });
    mkdirSync(join(home.layout.instances, 'begun/www'), { recursive: true });
    const remove = async (name: string): Promise<void> => {
      await units.remove(name);
      const fresh = { databasePassword: 'x', revision: '', epoch: 1, lease: null };
      const begun = { name: 'begun', state: 'CREATING', ...fresh } as const;
      await units.create(begun, undefined, { first: 8101, last: 8999, avoid: new Set() });
    };
    const meanwhile = { ...home, state: { ...home.state, units: { ...units, remove } }, path: '' };
    expect(await sweepInstances(meanwhile, home.context)).toEqual(['over']);
    expect(existsSync(join(home.layout.instances, 'begun/www'))).toBe(true);
  });
});

describe('cancelled', () => {
  test('at any moment, also while the database is set up, nothing is left', async () => {
    const home = homeOfTest();
    for (const milliseconds of [0, 20, 60, 150, 400]) {
      const fresh = openTestHome();
      const work = provision(fresh, 'gone', AbortSignal.timeout(milliseconds));
      // A fast machine may have made it by then.
      await work.then(
        () => fresh.runtime.remove('gone', fresh.context),
        (error: unknown) => expect(String(error)).toMatch(/abort/i),
      );
      expect(await remains(fresh)).toEqual(NOTHING);
      await fresh.close();
    }
    await provision(home, 'warm');
    for (let milliseconds = 0; milliseconds < 80; milliseconds += 8) {
      const work = provision(home, 'gone', AbortSignal.timeout(milliseconds));
      await work.then(() => home.runtime.remove('gone', home.context)).catch(() => undefined);
      expect(await remains(home)).toMatchObject({ rows: ['warm'], folders: ['warm'] });
      expect(serversOf(home).filter((line) => !line.includes(`/${home.unit('warm')}/`))).toEqual([]);
    }
  });
});
