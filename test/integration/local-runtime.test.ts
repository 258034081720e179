import { once } from 'node:events';
import { createServer } from 'node:net';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { request } from 'undici';
import { databaseName } from '../../src/runtime/local/databases.ts';
import { findProgram } from '../../src/runtime/local/programs.ts';
import { createLocalRuntime } from '../../src/runtime/local/runtime.ts';
import { describe, expect, test } from 'vitest';
import { makeReady, NOTHING, openTestHome, provision, remains, serversOf, statusOf } from '../support/local-runtime.ts';
import { homeOfTest } from '../support/local-test.ts';
import { makeTemp } from '../support/temp.ts';

describe('an instance', () => {
  test('is there with its own database and answers 503 until it is configured', async () => {
    const home = homeOfTest();
    const { url } = await provision(home, 'one');
    expect(await statusOf(url)).toBe(503);
    const row = await home.state.units.holding('one');
    expect(row).toMatchObject({ state: 'ASSIGNED', lease: { pid: process.pid, jobId: home.context.jobId }, epoch: 1 });
    expect(url).toBe(`http://127.0.0.1:${row?.port}`);
    expect(await remains(home)).toMatchObject({ rows: ['one'], folders: ['one'] });
    expect(serversOf(home)).not.toHaveLength(0);
  });

  test('may use its own database and no other', async () => {
    const home = homeOfTest();
    await provision(home, 'a-b');
    await provision(home, 'axb');
    const row = await home.state.units.holding('a-b');
    const connection = await createConnection({
      socketPath: home.layout.database.socket,
      user: databaseName(home.unit('a-b')),
      password: row?.databasePassword ?? '',
      database: databaseName(home.unit('a-b')),
    });
    await connection.query('CREATE TABLE t (id INT)');
    await expect(connection.query(`USE ${databaseName(home.unit('axb'))}`)).rejects.toThrow(/denied/);
    await expect(connection.query('SELECT * FROM mysql.user')).rejects.toThrow(/denied/);
    await connection.end();
  });

  test('its tables lie in the database server’s folder and nowhere else', async () => {
    const home = homeOfTest();
    await provision(home, 'one');
    const row = await home.state.units.holding('one');
    const connection = await createConnection({
      socketPath: home.layout.database.socket,
      user: databaseName(home.unit('one')),
      password: row?.databasePassword ?? '',
      database: databaseName(home.unit('one')),
    });
    const elsewhere = makeTemp('elsewhere');
    for (const engine of ['InnoDB', 'MyISAM', 'Aria']) {
      const directory = `DATA DIRECTORY = '${elsewhere}'`;
      const partition = `PARTITION BY HASH (a) PARTITIONS 1 (PARTITION p ${directory})`;
      await connection
        .query(`CREATE TABLE whole_${engine} (a INT) ENGINE=${engine} ${directory}`)
        .catch(() => undefined);
      await connection
        .query(`CREATE TABLE parts_${engine} (a INT) ENGINE=${engine} ${partition}`)
        .catch(() => undefined);
    }
    await connection.end();
    expect(readdirSync(elsewhere)).toEqual([]);
  });

  test('is removed with all that belongs to it, and may be removed again', async () => {
    const home = homeOfTest();
    const { url } = await provision(home, 'one');
    await home.runtime.remove('one', home.context);
    expect(await remains(home)).toEqual(NOTHING);
    await expect(statusOf(url)).rejects.toThrow(/ECONNREFUSED/);
    await home.runtime.remove('one', home.context);
  });

  test('keeps its name to itself', async () => {
    const home = homeOfTest();
    await provision(home, 'one');
    await expect(provision(home, 'one')).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    expect(await home.state.units.holding('one')).toBeDefined();
    expect(await statusOf((await home.state.units.holding('one'))?.clone?.url ?? '')).toBe(503);
  });

  test('does not take a port that another program has', async () => {
    const home = homeOfTest();
    const blocker = createServer();
    // Another test on this machine may have it already: it is taken in any case.
    const settled = Promise.race([once(blocker, 'listening'), once(blocker, 'error')]).catch(() => undefined);
    blocker.listen(8101, '127.0.0.1');
    await settled;
    const { url } = await provision(home, 'one');
    blocker.close();
    expect(Number(new URL(url).port)).toBeGreaterThan(8101);
    expect(await statusOf(url)).toBe(503);
  });

  test('is found with its facts and its password', async () => {
    const home = homeOfTest();
    const url = await makeReady(home, 'one');
    expect(await home.runtime.list(home.context)).toMatchObject([
      {
        id: 'one',
        state: 'ready',
        url,
        source: { url: 'https://www.a.example', wordpressVersion: '6.1.9' },
        adminUsername: 'me',
      },
    ]);
    expect(await home.runtime.password('one', home.context)).toBe('pass');
    await expect(home.runtime.get('two', home.context)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('writes logs that can be read', async () => {
    const home = homeOfTest();
    const url = await makeReady(home, 'one');
    await statusOf(`${url}/some-page`);
    const lines: string[] = [];
    for await (const line of home.runtime.logs('one', { follow: false }, home.context)) lines.push(line);
    expect(lines.some((line) => line.startsWith('web: ') && line.includes('/some-page'))).toBe(true);
    expect(lines.some((line) => line.startsWith('database: '))).toBe(true);
  });
});

describe('the place', () => {
  test('a home too deep for a socket works', async () => {
    const deep = openTestHome({ below: 'a-rather-long-folder-name/'.repeat(5) });
    const { url } = await provision(deep, 'one');
    expect(await statusOf(url)).toBe(503);
    const { socket } = deep.layout.database;
    expect(socket.length).toBeLessThan(104);
    await deep.close();
    expect(existsSync(dirname(socket))).toBe(false);
  });

  test('a home with blanks and quotes works, and its clones are held back; one with a colon is refused', async () => {
    const odd = openTestHome({ below: `it's "my" $HOME` });
    const { url } = await provision(odd, 'one');
    const { run, www } = odd.paths('one');
    writeFileSync(
      join(www, 'probe.php'),
      "<?php mail('a@example.com', 'Hello', 'x'); echo (int) @fsockopen('127.0.0.1', 80), sys_get_temp_dir();",
    );
    writeFileSync(join(run, 'settings.json'), '{"cloneUrl":"http://localhost","addresses":[]}');
    writeFileSync(join(run, 'expires'), '9999999999');
    const { body } = await request(`${url}/probe.php`);
    expect(await body.text()).toBe(`0${join(run, 'tmp')}`);
    const { instance } = await odd.runtime.get('one', odd.context);
    expect(await instance.operations.listMail(odd.context.signal)).toMatchObject([{ to: ['a@example.com'] }]);
    await odd.close();
    expect(() => openTestHome({ below: 'a:b' })).toThrow(/colon/);
  });

  test('missing programs are named', async () => {
    const home = homeOfTest();
    expect(await findProgram('no-such-program', process.env['PATH'] ?? '')).toBeUndefined();
    const bin = join(home.home, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'php'), '#!/bin/sh\necho \'["8.2",["curl","json","mbstring"]]\'\n', { mode: 0o755 });
    const runtime = createLocalRuntime({ home: home.home, state: home.state, keeper: ['true'], path: bin });
    const wanted = { id: 'one', sourceUrl: 'http://a.example', expiresAt: Date.now() + 60_000 };
    await expect(runtime.provision(wanted, home.context)).rejects.toMatchObject({
      code: 'PHP_MISSING',
    });
    expect(await remains(home)).toEqual(NOTHING);
  });
});
