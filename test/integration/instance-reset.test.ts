import { existsSync, readFileSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ConfigureTask } from '../../src/instance/types.ts';
import type { Instance, ProvisionLease } from '../../src/runtime/leases.ts';
import { stopWebServer } from '../../src/runtime/local/web-server.ts';
import { databaseName } from '../../src/runtime/local/databases.ts';
import { connectAsAdministrator } from '../../src/runtime/local/database-server.ts';
import { ALL_WELL, looksOf, UNSEEN } from '../support/looks.ts';
import { instanceContext } from '../support/copied-clone.ts';
import { openTestHome, statusOf, type TestHome } from '../support/local-runtime.ts';
import { pullClone } from '../support/pulled-clone.ts';
import { startSource, type Source } from '../support/source/index.ts';

const ID = 'pulled';
let home: TestHome;
let source: Source;
let instance: Instance;
let lease: ProvisionLease;
let task: ConfigureTask;
let www: string;

beforeAll(async () => {
  home = openTestHome();
  source = await startSource({ host: '127.0.0.111', posts: 5 });
  ({ instance, lease, task } = await pullClone(home, source, ID));
  ({ www } = home.paths(ID));
});

afterAll(async () => {
  await Promise.all([home.close(), source.stop()]);
});

async function query(sql: string): Promise<unknown> {
  const connection = await connectAsAdministrator(home.layout, home.context);
  try {
    await connection.changeUser({ database: databaseName(home.unit(ID)) });
    return (await connection.query(sql))[0];
  } finally {
    await connection.end();
  }
}

const snapshot = async () => ({
  posts: await query('SELECT ID, post_title, post_content FROM wp_posts ORDER BY ID'),
  options: await query(
    "SELECT option_name, option_value FROM wp_options WHERE option_name IN ('siteurl', 'active_plugins', 'blogname')",
  ),
  admin: await query(
    "SELECT u.*, m.* FROM wp_users u JOIN wp_usermeta m ON m.user_id = u.ID WHERE u.user_login = 'wpclone-test' ORDER BY umeta_id",
  ),
  tables: await query('SHOW TABLES'),
  sessions: await query("SELECT user_id FROM wp_usermeta WHERE meta_key = 'session_tokens'"),
  config: readFileSync(join(www, 'wp-config.php'), 'utf8'),
  readme: readFileSync(join(www, 'readme.html'), 'utf8'),
});

test('a reset brings back changed and deleted rows, tables and files, and takes away what was added', async () => {
  await instance.operations.verify({ ...task, looks: UNSEEN }, instanceContext());
  // Verification logged in: the session and the new hash are changes, too.
  await query("DELETE FROM wp_usermeta WHERE meta_key = 'session_tokens'");
  await instance.operations.reset(undefined, instanceContext());
  const before = await snapshot();

  await query("UPDATE wp_posts SET post_title = 'spoiled'");
  await query('DELETE FROM wp_posts WHERE ID = 1');
  await query('DROP TABLE wp_comments');
  await query('CREATE TABLE extra (id INT)');
  await query("DELETE FROM wp_users WHERE user_login = 'wpclone-test'");
  await query("UPDATE wp_options SET option_value = 'http://elsewhere.example' WHERE option_name = 'siteurl'");
  writeFileSync(join(www, 'readme.html'), 'spoiled');
  writeFileSync(join(www, 'wp-config.php'), '<?php // spoiled');
  writeFileSync(join(www, 'extra.php'), '<?php // extra');
  symlinkSync('/etc/passwd', join(www, 'link.txt'));
  rmSync(join(www, 'wp-content'), { recursive: true });
  const link = await instance.operations.createLoginLink(home.context.signal);
  writeFileSync(join(home.paths(ID).mail, 'x.json'), '{}');

  await instance.operations.reset(undefined, instanceContext());
  expect(await snapshot()).toEqual(before);
  expect(existsSync(join(www, 'extra.php'))).toBe(false);
  expect(existsSync(join(www, 'link.txt'))).toBe(false);
  expect(statSync(join(www, 'wp-content/mu-plugins/wpclone-instance.php')).isFile()).toBe(true);
  expect(await statusOf(link)).toBe(403);
  expect(await instance.operations.listMail(home.context.signal)).toEqual([]);
  const looks = await looksOf(source);
  expect(await instance.operations.verify({ ...task, looks }, instanceContext())).toEqual(ALL_WELL);
});

test('a reset that is cut off lets nobody in, and the next one completes it', async () => {
  for (const milliseconds of [1, 40, 120, 250]) {
    await instance.operations
      .reset(undefined, instanceContext(AbortSignal.timeout(milliseconds)))
      .catch(() => undefined);
    const whole = !existsSync(join(home.paths(ID).run, 'frozen'));
    expect(await statusOf(instance.url)).toBe(whole ? 200 : 503);
  }
  // As a kill between the two renames would leave it.
  rmSync(www, { recursive: true });
  await stopWebServer(home.paths(ID), home.context);
  await lease.commit(
    {
      url: instance.url,
      source: { url: source.url, wordpressVersion: '', phpVersion: '' },
      expiresAt: task.expiresAt,
      adminUsername: '',
      adminPassword: '',
      findings: [],
    },
    home.context,
  );
  ({ instance } = await home.runtime.get(ID, home.context));
  await instance.operations.reset(undefined, instanceContext());
  const { findings } = await instance.operations.verify({ ...task, looks: UNSEEN }, instanceContext());
  expect(findings).toEqual([]);
});

test('mail that is to be delivered goes to sendmail, not to our catcher', async () => {
  await instance.operations.configure({ ...task, keepMail: true }, instanceContext());
  const file = join(www, 'probe.php');
  writeFileSync(
    file,
    `<?php require __DIR__ . '/wp-load.php'; echo ini_get('sendmail_path'), ' ', (new ReflectionFunction('wp_mail'))->getFileName(), ' ', (int) function_exists('fsockopen');`,
  );
  const { body } = await request(`${instance.url}/probe.php`);
  expect(await body.text()).toBe(`/usr/sbin/sendmail -t -i ${join(www, 'wp-includes/pluggable.php')} 1`);
  unlinkSync(file);
});
