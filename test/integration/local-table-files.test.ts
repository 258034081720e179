import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectAsAdministrator } from '../../src/runtime/local/database-server.ts';
import { databaseName } from '../../src/runtime/local/databases.ts';
import { dropSpares } from '../../src/runtime/local/earlier.ts';
import { storePath } from '../../src/runtime/local/layout.ts';
import { createLocalRuntime } from '../../src/runtime/local/runtime.ts';
import { keepTables } from '../../src/runtime/local/table-files.ts';
import { keptRows } from '../../src/transfer/earlier/keep.ts';
import { instanceContext } from '../support/copied-clone.ts';
import { looksOf } from '../support/looks.ts';
import { openTestHome, type TestHome } from '../support/local-runtime.ts';
import { pullClone, type PulledClone } from '../support/pulled-clone.ts';
import { startSource, type Source } from '../support/source/index.ts';

const ID = 'kept';
/** What the clones of these tests are said to be of. */
const SOURCE = 'https://www.a.example';
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
      source: { url: SOURCE, wordpressVersion: '', phpVersion: '' },
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
/** Without the note of when tables were loaded, which is there before they are kept. */
const filesIn = (path: string): string[] =>
  existsSync(path)
    ? readdirSync(path)
        .filter((name) => name !== 'loaded.json')
        .toSorted()
    : [];
const files = (): string[] => filesIn(folder());

async function query(sql: string, id = ID): Promise<unknown> {
  const connection = await connectAsAdministrator(home.layout, home.context);
  try {
    await connection.changeUser({ database: databaseName(home.unit(id)) });
    return (await connection.query(sql))[0];
  } finally {
    await connection.end();
  }
}

interface Sum {
  readonly Checksum: number;
}

/** A table that was imported has not been written to by any transaction. */
const IMPORTED =
  'SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND UPDATE_TIME IS NULL AND TABLE_ROWS > 100';

test('the keeper keeps large tables of clones that are ready as files, a reset imports them, and they go with the clone', async () => {
  // Also after it was verified, and visited for that.
  expect(await query("SELECT ID FROM wp_posts WHERE post_status = 'auto-draft'")).toEqual([]);
  for (await keepTables(home, home.context); files().length === 0; await keepTables(home, home.context))
    await clone.instance.operations.reset(undefined, instanceContext());
  expect(files()).toEqual(['index.json', 'wp_posts.cfg', 'wp_posts.ibd']);
  const before = await query('CHECKSUM TABLE wp_posts, wp_options');
  await query("UPDATE wp_posts SET post_content = 'spoiled'");
  await clone.instance.operations.reset(undefined, instanceContext());
  const [first] = before as [Sum];
  expect(await query('CHECKSUM TABLE wp_posts')).toEqual([first]);
  expect(await query(IMPORTED)).toEqual([{ name: 'wp_posts' }]);
  expect(files()).toEqual(['index.json', 'wp_posts.cfg', 'wp_posts.ibd']);
  // As an import that was killed leaves it: the server does not know of it and would not remove its folder.
  writeFileSync(join(home.layout.database.data, databaseName(home.unit(ID)), 'gone.ibd'), 'x');
  const [kept, data] = [folder(), join(home.layout.database.data, databaseName(home.unit(ID)))];
  // It was spoiled once, which is no matter of what the next clone gets.
  const keeping = createLocalRuntime({ ...home, keeper: ['true'], path: process.env['PATH'] ?? '', keepRows: true });
  await keeping.remove(ID, home.context);
  expect([existsSync(kept), existsSync(data)]).toEqual([false, false]);
  const left = join(keptRows(storePath(home.layout, SOURCE)), 'tables');
  expect(filesIn(left)).toEqual(['index.json', 'wp_posts.cfg', 'wp_posts.ibd']);
  const second = await pullClone(home, source, 'second');
  // Unless another program of this machine took the port in between.
  const isThere = second.instance.url === clone.instance.url;
  expect(await query(IMPORTED, 'second')).toEqual(isThere ? [{ name: 'wp_posts' }] : []);
  expect(filesIn(left)).toEqual(isThere ? [] : ['index.json', 'wp_posts.cfg', 'wp_posts.ibd']);
  const [sum] = (await query('CHECKSUM TABLE wp_posts', 'second')) as [Sum];
  expect(isThere ? sum.Checksum : 0).toBe(isThere ? first.Checksum : 0);
  await second.lease.remove(home.context);
});

test('when the disk gets full the tables of removed clones go, and their rows stay', async () => {
  const rows = keptRows(storePath(home.layout, 'https://full.example'));
  for (const part of ['tables', 'db']) mkdirSync(join(rows, part), { recursive: true });
  await dropSpares(home);
  expect(readdirSync(rows)).toEqual(['db']);
});
