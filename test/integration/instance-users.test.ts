import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addAdministrator } from '../../src/instance/administrator.ts';
import { putBackOwnRows } from '../../src/instance/own-rows.ts';
import { makeUserTables } from '../../src/instance/user-tables.ts';
import { startMariadb, type Mariadb } from '../support/mariadb.ts';
import { siteInfo } from '../support/site-info.ts';

const ADMINISTRATOR = {
  username: 'wpclone-abc',
  passwordHash: '$P$x',
  email: 'wpclone@clone.invalid',
  registered: '2026-11-28 00:00:00',
};

let mariadb: Mariadb;
let connection: Connection;
beforeAll(async () => {
  mariadb = await startMariadb();
  connection = await createConnection({ socketPath: mariadb.socket, user: 'root', charset: 'utf8mb4' });
});
afterAll(async () => {
  await connection.end();
  await mariadb.stop();
});
beforeEach(async () => {
  await connection.query('DROP DATABASE IF EXISTS clone');
  await connection.query('CREATE DATABASE clone');
  await connection.query('USE clone');
  await connection.query("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'");
});

async function column(sql: string): Promise<unknown[]> {
  const [rows] = await connection.query<RowDataPacket[]>(sql);
  return rows.map((row) => Object.values(row)[0] as unknown);
}

test('a site whose users are a view of another site’s gets tables for the clone’s own administrator, and that is told of', async () => {
  const info = siteInfo({ tablePrefix: 'acme_' });
  const [warning, ...others] = await makeUserTables(connection, info);
  expect(others).toEqual([]);
  expect(warning).toMatchObject({ code: 'USERS_LEFT_OUT', message: expect.stringContaining('acme_users') });
  await addAdministrator(connection, info, ADMINISTRATOR);
  expect(await column('SELECT user_login FROM acme_users')).toEqual([ADMINISTRATOR.username]);
  expect(await column("SELECT meta_value FROM acme_usermeta WHERE meta_key = 'acme_capabilities'")).toEqual([
    'a:1:{s:13:"administrator";b:1;}',
  ]);
  // A site that has all it needs is left as it is.
  expect(await makeUserTables(connection, info)).toEqual([]);
});

test('a trigger that refuses new users does not keep the clone’s administrator out, and is there afterwards as it was', async () => {
  const info = siteInfo();
  await makeUserTables(connection, info);
  const make = `CREATE TRIGGER staff_only BEFORE INSERT ON wp_users FOR EACH ROW
    IF NOT NEW.user_email REGEXP '@acme' || '[.]example$' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'staff only'; END IF`;
  await connection.query("SET SESSION sql_mode = 'PIPES_AS_CONCAT'");
  await connection.query(make);
  await connection.query("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'");
  const made = () => column('SELECT CONCAT(SQL_MODE, ACTION_STATEMENT) FROM information_schema.TRIGGERS');
  const before = await made();
  expect(before).toHaveLength(1);
  const rows = await addAdministrator(connection, info, ADMINISTRATOR);
  expect(await column('SELECT user_login FROM wp_users')).toEqual([ADMINISTRATOR.username]);
  expect(await made()).toEqual(before);
  await connection.query('DELETE FROM wp_users');
  await putBackOwnRows(connection, rows);
  expect(await column('SELECT user_login FROM wp_users')).toEqual([ADMINISTRATOR.username]);
  expect(await made()).toEqual(before);
  expect(await column('SELECT @@sql_mode')).toEqual(['NO_ENGINE_SUBSTITUTION']);
});

test('what refuses without a trigger is told as the server says it', async () => {
  await makeUserTables(connection, siteInfo());
  await connection.query("ALTER TABLE wp_users ADD CHECK (user_email LIKE '%@acme.example')");
  await expect(addAdministrator(connection, siteInfo(), ADMINISTRATOR)).rejects.toThrow(/CONSTRAINT/);
  expect(await column('SELECT user_login FROM wp_users')).toEqual([]);
});
