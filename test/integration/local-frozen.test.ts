import type { Connection } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { databaseName } from '../../src/runtime/local/databases.ts';
import { connectAsAdministrator } from '../../src/runtime/local/database-server.ts';
import type { WpcloneError } from '../../src/shared/errors.ts';
import { databasePid, makeReady, NOTHING, remains } from '../support/local-runtime.ts';
import { homeOfTest } from '../support/local-test.ts';

test('a clone is removed although the database server is frozen: it is replaced', async () => {
  const home = homeOfTest();
  await makeReady(home, 'one');
  const frozen = databasePid(home);
  process.kill(frozen, 'SIGSTOP');
  await home.runtime.remove('one', home.context);
  expect(databasePid(home)).not.toBe(frozen);
  expect(await remains(home)).toEqual(NOTHING);
});

test('a database server that has no connection left is not replaced: clones are at work with it', async () => {
  const home = homeOfTest();
  await makeReady(home, 'one');
  const busy = databasePid(home);
  const connections: Connection[] = [];
  const fillUp = async () => {
    for (;;) connections.push(await connectAsAdministrator(home.layout, home.context));
  };
  const refused = { code: 'DATABASE_FAILED', message: expect.stringContaining('Too many connections') };
  await expect(fillUp()).rejects.toMatchObject(refused);
  expect(databasePid(home)).toBe(busy);
  await Promise.all(connections.map((connection) => connection.end()));
});

test('a clone whose tables somebody holds is not removed, but this is not waited for without end', async () => {
  const home = homeOfTest();
  await makeReady(home, 'one');
  const somebody = await connectAsAdministrator(home.layout, home.context);
  await somebody.query(`CREATE TABLE ${databaseName(home.unit('one'))}.t (id int)`);
  await somebody.query('START TRANSACTION');
  await somebody.query(`SELECT * FROM ${databaseName(home.unit('one'))}.t`);
  await expect(home.runtime.remove('one', home.context)).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
  await somebody.end();
  await home.runtime.remove('one', home.context);
  expect(await remains(home)).toEqual(NOTHING);
});

test('what cannot be removed now keeps nobody from working, nor the rest from going, and is tried again', async () => {
  const home = homeOfTest();
  await makeReady(home, 'held', Date.now());
  await makeReady(home, 'over', Date.now());
  const somebody = await connectAsAdministrator(home.layout, home.context);
  await somebody.query(`CREATE TABLE ${databaseName(home.unit('held'))}.t (id int)`);
  await somebody.query('START TRANSACTION');
  await somebody.query(`SELECT * FROM ${databaseName(home.unit('held'))}.t`);
  const failures: [string, string][] = [];
  const failed = (id: string, { code }: WpcloneError): void => void failures.push([id, code]);
  expect(await home.runtime.sweep(home.context, failed)).toEqual(['over']);
  expect(failures).toEqual([['held', 'DATABASE_FAILED']]);
  await somebody.end();
  expect(await home.runtime.sweep(home.context)).toEqual(['held']);
  expect(await remains(home)).toEqual(NOTHING);
});
