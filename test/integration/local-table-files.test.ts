import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectAsAdministrator } from '../../src/runtime/local/database-server.ts';
import { databaseName } from '../../src/runtime/local/databases.ts';
import { keepTables } from '../../src/runtime/local/table-files.ts';
import { instanceContext } from '../support/copied-clone.ts';
import { looksOf } from '../support/looks.ts';
import { openTestHome, type TestHome } from '../support/local-runtime.ts';
import { pullClone, type PulledClone } from '../support/pulled-clone.ts';
import { startSource, type Source } from '../support/source/index.ts';

const ID = 'kept';
let home: TestHome;
let source: Source;
let clone: PulledClone;

beforeAll(async () => {
  home = openTestHome();
  source = await startSource({ posts: 2 });
  await source.query(
    "INSERT INTO wp_posts (post_title, post_content, post_excerpt, to_ping, pinged, post_content_filtered) SELECT 'large', REPEAT(MD5(seq), 30), '', '', '', '' FROM seq_1_to_9000",
  );
  clone = await pullClone(home, source, ID);
  await clone.instance.operations.verify({ ...clone.task, looks: await looksOf(source) }, instanceContext());
  await clone.lease.commit(
    {
      url: clone.instance.url,
      source: { url: source.url, wordpressVersion: '', phpVersion: '' },
      expiresAt: clone.task.expiresAt,
      adminUsername: '',
      adminPassword: '',
      findings: [],
    },
    home.context,
  );
});

afterAll(async () => {
  await Promise.all([home.close(), source.stop()]);
});

const folder = (): string => join(home.layout.database.tables, databaseName(home.unit(ID)));
const files = (): string[] => (existsSync(folder()) ? readdirSync(folder()).toSorted() : []);

async function query(sql: string): Promise<unknown> {
  const connection = await connectAsAdministrator(home.layout, home.context);
  try {
    await connection.changeUser({ database: databaseName(home.unit(ID)) });
    return (await connection.query(sql))[0];
  } finally {
    await connection.end();
  }
}

test('the keeper keeps large tables of clones that are ready as files, a reset imports them, and they go with the clone', async () => {
  // Also after it was verified, and visited for that.
  expect(await query("SELECT ID FROM wp_posts WHERE post_status = 'auto-draft'")).toEqual([]);
  for (await keepTables(home, home.context); files().length === 0; await keepTables(home, home.context))
    await clone.instance.operations.reset(undefined, instanceContext());
  expect(files()).toEqual(['index.json', 'wp_posts.cfg', 'wp_posts.ibd']);
  const before = await query('CHECKSUM TABLE wp_posts, wp_options');
  await query("UPDATE wp_posts SET post_content = 'spoiled'");
  await clone.instance.operations.reset(undefined, instanceContext());
  expect(await query('CHECKSUM TABLE wp_posts')).toEqual([(before as unknown[])[0]]);
  const imported = await query(
    'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND UPDATE_TIME IS NULL AND TABLE_ROWS > 0',
  );
  expect(imported).toEqual([{ name: 'wp_posts' }]);
  expect(files()).toEqual(['index.json', 'wp_posts.cfg', 'wp_posts.ibd']);
  // As an import that was killed leaves it: the server does not know of it and would not remove its folder.
  writeFileSync(join(home.layout.database.data, databaseName(home.unit(ID)), 'gone.ibd'), 'x');
  const [kept, data] = [folder(), join(home.layout.database.data, databaseName(home.unit(ID)))];
  await home.runtime.remove(ID, home.context);
  expect([existsSync(kept), existsSync(data)]).toEqual([false, false]);
});
