import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished, expect, test } from 'vitest';
import { prepareInstance } from '../../src/instance/settings.ts';
import { createDatabase } from '../../src/runtime/local/databases.ts';
import { instancePaths, localLayout } from '../../src/runtime/local/layout.ts';
import { choosePhp } from '../../src/runtime/local/php.ts';
import { startWebServer } from '../../src/runtime/local/web-server.ts';
import { openDatabase, STATE_DATABASE } from '../../src/state/database.ts';
import { MIGRATIONS } from '../../src/state/migrations.ts';
import { ensureKeyFile, readKey, secretBox } from '../../src/state/secrets.ts';
import { NOTHING, openTestHome, remains, statusOf } from '../support/local-runtime.ts';
import { makeTemp } from '../support/temp.ts';
import { workContext } from '../support/work.ts';

const PORT = 8_977;

/** A home as wpclone 0.1.0 wrote it: one table, in which unit and clone are one, and folder and database named after the clone. */
async function homeOfBefore(): Promise<string> {
  const home = join(makeTemp('upgrade'), 'home');
  mkdirSync(home, { mode: 0o700 });
  const context = workContext();
  const database = openDatabase(home, Date.now, { ...STATE_DATABASE, migrations: MIGRATIONS.slice(0, 1) });
  const keyFile = join(home, 'secret.key');
  ensureKeyFile(keyFile, randomBytes);
  const box = secretBox(readKey(keyFile), keyFile, randomBytes);
  database.prepare("INSERT INTO meta VALUES ('key_check', ?)").run(box.seal('wpclone', 'meta.key_check'));
  const insert = database.prepare(
    `INSERT INTO instances VALUES (@id, @state, @port, @url, 'https://a.example', '6.1', '8.2', 'wpclone-abcd', @admin, @password,
       @pid, @started, 1000, @expires)`,
  );
  const row = (id: string, port: number, changes: object) => ({
    id,
    state: 'ready',
    port,
    url: `http://localhost:${port}/blog`,
    admin: box.seal('the-password', `instances.admin_password ${id}`),
    password: box.seal('of-the-database', `instances.database_password ${id}`),
    pid: null,
    started: null,
    expires: Date.now() + 600_000,
    ...changes,
  });
  insert.run(row('old', PORT, {}));
  insert.run(row('half', PORT + 1, { state: 'creating', pid: 2 ** 22 + 1, started: 'of a process that is gone' }));
  insert.run(row('cut', PORT + 2, { state: 'resetting', pid: 2 ** 22 + 1, started: 'of a process that is gone' }));
  database.close();
  const layout = localLayout(home);
  for (const [index, id] of ['old', 'half', 'cut'].entries()) {
    const paths = instancePaths(layout, id);
    await prepareInstance(paths);
    await createDatabase(layout, id, 'of-the-database', context);
    const { program } = await choosePhp(undefined, process.env['PATH'] ?? '');
    await startWebServer(paths, program, PORT + index, context);
  }
  return home;
}

test('clones of 0.1.0 are listed, reset, extended and deleted as before, and what its crashes left is removed', async () => {
  const home = openTestHome({ home: await homeOfBefore() });
  onTestFinished(() => home.close());
  const { runtime, context } = home;
  expect(await runtime.sweep(context)).toEqual(['half']);
  expect((await runtime.list(context)).map(({ id, state, url, createdAt }) => [id, state, url, createdAt])).toEqual([
    ['cut', 'resetting', `http://localhost:${PORT + 2}/blog`, 1000],
    ['old', 'ready', `http://localhost:${PORT}/blog`, 1000],
  ]);
  expect(await runtime.password('old', context)).toBe('the-password');
  const { instance } = await runtime.get('old', context);
  expect(await statusOf(instance.url)).toBe(503);
  expect(await instance.operations.listMail(context.signal)).toEqual([]);
  for (const id of ['old', 'cut']) {
    const lease = await runtime.takeForReset(id, context);
    expect((await lease.commit(context)).state).toBe('ready');
  }
  const later = Date.now() + 900_000;
  expect((await runtime.extend('old', later, context)).expiresAt).toBe(later);
  // A new unit is told from the clones of before, whatever they are called.
  await expect(
    runtime.provision({ id: 'old', sourceUrl: 'https://a.example', expiresAt: later }, context),
  ).rejects.toMatchObject({ code: 'NAME_TAKEN' });
  await runtime.remove('old', context);
  await runtime.remove('cut', context);
  expect(await remains(home)).toEqual(NOTHING);
});
