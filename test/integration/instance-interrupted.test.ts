import type { Connection } from 'mysql2/promise';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createDirectOperations } from '../../src/operations/direct.ts';
import { connectAsAdministrator } from '../../src/runtime/local/database-server.ts';
import { databaseName } from '../../src/runtime/local/databases.ts';
import { tryLock } from '../../src/shared/lock.ts';
import { ALL_WELL, looksOf } from '../support/looks.ts';
import { copyClone, instanceContext, type CopiedClone } from '../support/copied-clone.ts';
import { databasePid, eventually, isThere, openTestHome, type TestHome } from '../support/local-runtime.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { failureOf } from '../support/work.ts';

let home: TestHome;
let source: Source;
let clone: CopiedClone;

beforeAll(async () => {
  home = openTestHome();
  source = await startSource({ posts: 3 });
  clone = await copyClone(home, source);
});

afterAll(async () => {
  await Promise.all([home.close(), source.stop()]);
});

async function onClone<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await connectAsAdministrator(home.layout, home.context);
  connection.on('error', () => undefined);
  try {
    await connection.changeUser({ database: databaseName(home.unit(clone.id)) });
    return await work(connection);
  } finally {
    connection.destroy();
  }
}

/** Kills the database server in the middle of the work, at the row that `condition` tells, and starts it again. */
async function killedAt(table: string, condition: string, work: () => Promise<unknown>): Promise<void> {
  const trigger = `CREATE TRIGGER halt BEFORE INSERT ON ${table} FOR EACH ROW BEGIN IF ${condition} THEN DO SLEEP(60); END IF; END`;
  await onClone((connection) => connection.query(trigger));
  const failed = failureOf(work());
  await onClone((connection) =>
    eventually(async () => JSON.stringify((await connection.query('SHOW PROCESSLIST'))[0]).includes('SLEEP')),
  );
  const pid = databasePid(home);
  process.kill(pid, 'SIGKILL');
  await eventually(() => !isThere(pid));
  expect((await failed).code).toBe('DATABASE_FAILED');
  await onClone((connection) => connection.query('DROP TRIGGER halt'));
}

test('configure is made again when the database was killed in it: one administrator, and all that was set aside is told', async () => {
  const content = join(home.paths(clone.id).www, 'wp-content');
  mkdirSync(join(content, 'mu-plugins/kinsta-mu-plugins'), { recursive: true });
  writeFileSync(join(content, 'object-cache.php'), '<?php exit("no redis here");');
  const configure = () => clone.instance.operations.configure(clone.task, instanceContext());

  await killedAt('wp_usermeta', "NEW.meta_key = 'wp_capabilities'", configure);
  const { setAside, warnings } = await configure();

  expect(setAside).toEqual(['object-cache.php', 'mu-plugins/kinsta-mu-plugins']);
  expect(warnings.map((warning) => warning.code)).toEqual(['SET_ASIDE']);
  const [users] = await onClone((connection) =>
    connection.query(
      `SELECT COUNT(DISTINCT ID) AS users, COUNT(*) AS facts FROM wp_users JOIN wp_usermeta ON user_id = ID WHERE user_login = 'wpclone-test'`,
    ),
  );
  expect(users).toEqual([{ users: 1, facts: 7 }]);
  const looks = await looksOf(source);
  expect(await clone.instance.operations.verify({ ...clone.task, looks }, instanceContext())).toEqual(ALL_WELL);
});

test('an extend that is cut off never has the clone end before what is shown', async () => {
  const expiresAt = Date.now() + 600_000;
  const facts = { url: 'http://a.example', wordpressVersion: '', phpVersion: '' };
  const record = { url: clone.url, source: facts, expiresAt, adminUsername: '', adminPassword: '', findings: [] };
  await clone.lease.commit(record, home.context);
  // Held, so that no keeper is started.
  const keeper = tryLock(home.layout.locks, 'keeper');
  const operations = createDirectOperations({
    home: home.home,
    runtime: 'local',
    kubernetes: {},
    environment: process.env,
  });
  onTestFinished(async () => {
    await operations.close();
    keeper?.release();
  });
  const shown = async () => (await home.runtime.get(clone.id, home.context)).facts.expiresAt;
  // Nothing can take the place of a folder: where the clone reads its end, writing stops as a kill would stop it.
  const end = join(home.paths(clone.id).run, 'expires');
  rmSync(end);
  mkdirSync(end);

  await expect(operations.extend(clone.id, 3600, home.context)).rejects.toThrow('EISDIR');
  expect(await shown()).toBe(expiresAt);
  await expect(operations.extend(clone.id, 60, home.context)).rejects.toThrow('EISDIR');
  expect(await shown()).toBeLessThan(expiresAt);
});
