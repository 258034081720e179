import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Plan } from '../../src/restore/plan/schema.ts';
import { acceptApplied, undoApplied } from '../../src/restore/write/write.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { fatesOf, type LiveAt, makeRestorable, type Restorable } from '../support/restorable.ts';
import { filesBelow, put, restoreFolders, uploadsOf } from '../support/restore-files.ts';
import { writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { failureOf } from '../support/work.ts';

/* A clone of one site, brought to another one that it was not made of. */
let source: Source;
let other: Source;
let site: Restorable;
let at: LiveAt;

const plugin = (version: string): string => `<?php /* Plugin Name: Forms\nVersion: ${version} */ // ${version}`;
const content = (words: string): string => `<a href="URL/about">${words}</a>`;

const post = (id: number, name: string, words: string, author = 1): string =>
  `INSERT INTO wp_posts (ID, post_author, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, post_name, to_ping, pinged, post_modified, post_modified_gmt, post_content_filtered, post_type) VALUES (${id}, ${author}, '2026-01-01', '2026-01-01', '${words}', '${name}', '', 'publish', '${name}', '', '', '2026-01-01', '2026-01-01', '', 'page')`;

const user = (id: number, login: string): string =>
  `INSERT INTO wp_users (ID, user_login, user_pass, user_nicename, user_email, user_registered, display_name) VALUES (${id}, '${login}', 'x', '${login}', '${login}@s.example', '2026-01-01', '${login}')`;

beforeAll(async () => {
  [source, other] = await Promise.all([
    startSource({ plugins: { 'forms/forms.php': plugin('1.0'), 'newer/newer.php': plugin('1.0') } }),
    startSource({ plugins: { 'forms/forms.php': plugin('0.9'), 'newer/newer.php': plugin('2.0') } }),
  ]);
  const sides: [Source, string[]][] = [
    [
      source,
      [
        user(700, 'eve'),
        user(701, 'mallory'),
        user(702, 'zoe'),
        user(703, 'carol'),
        'CREATE TABLE wp_bookings (id INT PRIMARY KEY, user_id BIGINT)',
        'INSERT INTO wp_bookings VALUES (7, 700), (8, 703)',
        post(801, 'alike', 'the same'),
        post(802, 'edited', content('source').replace('URL', source.url)),
        post(803, 'moved', content('moved').replace('URL', source.url), 700),
        post(804, 'meets', 'of the source', 701),
        "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES (801, 'color', 'red'), (803, 'color', 'blue')",
        "UPDATE wp_options SET option_value = 'Source' WHERE option_name = 'blogname'",
        'CREATE TABLE wp_nokey (a INT, b INT)',
        'INSERT INTO wp_nokey VALUES (1, 1), (1, 1), (2, 2)',
        'CREATE TABLE wp_own (id INT PRIMARY KEY)',
      ],
    ],
    [
      other,
      [
        user(700, 'bob'),
        user(702, 'eve'),
        user(703, 'dave'),
        'CREATE TABLE wp_bookings (id INT PRIMARY KEY, user_id BIGINT)',
        post(801, 'alike', 'the same'),
        post(802, 'edited', content('other').replace('URL', other.url)),
        post(804, 'another', 'of the other'),
        "INSERT INTO wp_posts (ID, post_type, post_title, post_content, post_excerpt, to_ping, pinged, post_content_filtered) VALUES (805, 'shop_order', 'Order', '', '', '', '', '')",
        "INSERT INTO wp_postmeta (meta_id, post_id, meta_key, meta_value) VALUES (99000, 801, 'color', 'red'), (99001, 805, '_total', '9')",
        "UPDATE wp_options SET option_value = 'Other' WHERE option_name = 'blogname'",
        'CREATE TABLE wp_nokey (a INT, b INT)',
        'INSERT INTO wp_nokey VALUES (1, 1), (3, 3)',
        'CREATE TABLE wp_theirs (id INT PRIMARY KEY)',
      ],
    ],
  ];
  for (const [each, statements] of sides) for (const sql of statements) await each.query(sql);
  await Promise.all([source, other].map((each) => each.php('wp_mkdir_p( wp_upload_dir()["basedir"] );')));
  put(uploadsOf(source), '2031/01/alike.jpg', 'alike');
  put(uploadsOf(other), '2031/01/alike.jpg', 'alike');
  put(uploadsOf(source), '2031/01/edited.jpg', 'of the source');
  put(uploadsOf(other), '2031/01/edited.jpg', 'of the other');
  put(uploadsOf(source), '2031/01/new.jpg', 'new');
  put(uploadsOf(other), '2031/01/theirs.jpg', 'theirs');
  put(uploadsOf(source), 'builder/new.css', `a { background: url(${source.url}/wp-content/uploads/2031/01/new.jpg) }`);
  site = await makeRestorable(source);
  at = { source: other, access: await installMigrator(other), kin: 'other' };
}, 240_000);
afterAll(async () => {
  await site.close();
  await Promise.all([source.stop(), other.stop()]);
});

const fates = ({ items, code, uploads }: Plan): Record<string, string> =>
  fatesOf([...items, ...code, ...uploads].filter(({ kept }) => kept?.code !== 'PROTECTED'));

const there = async (sql: string): Promise<unknown[]> => (await other.query(sql)).map((row) => Object.values(row)[0]);

it('takes what the clone alone has, keeps what the other site alone has, and asks about what both have otherwise', async () => {
  const plan = await site.plan({}, at);
  expect(fates(plan)).toEqual({
    'page:802': 'DIFFERS',
    'page:803': 'new',
    'page:2000': 'new',
    'option:blogname': 'DIFFERS',
    'row:nokey': 'changed',
    'row:bookings/7': 'new',
    'row:bookings/8': 'new',
    'plugin:forms': 'DIFFERS',
    'plugin:newer': 'LIVE_TAKEN',
    'upload:2031/01/edited.jpg': 'DIFFERS',
    'upload:2031/01/new.jpg': 'new',
    'upload:builder/new.css': 'new',
  });
  expect(plan.items.find(({ id }) => id === 'page:2000')?.was).toBe('804');
  expect(plan).toMatchObject({ two_sided: true, live: { url: other.url }, conflicts: 4 });
  expect(plan.notes[0]).toContain('nothing is remembered of it');
  expect(plan.notes.join(' ')).toContain('customer_id');
  expect(plan.meanwhile).toContainEqual({ kind: 'order', new: 1, changed: 0, deleted: 0 });
  expect(plan.tables).toEqual(
    expect.arrayContaining([
      { name: 'wp_own', state: 'new-in-clone', rows: 0 },
      { name: 'wp_theirs', state: 'new-on-live' },
    ]),
  );
  expect(plan.items.filter(({ id }) => id === 'user:701').map(({ kept }) => kept?.class)).toContain('users');
});

it('writes what was decided, in the other site’s spelling and in the name of whoever is there, and takes it back without what came since', async () => {
  const files = [other.content, uploadsOf(other)];
  const before = files.map((folder) => filesBelow(folder));
  const policy = { take: 'clone' as const };
  const plan = await site.plan(policy, at);
  expect(plan.conflicts).toBe(0);
  const { key, applied } = await site.apply(plan, policy, at);
  expect(applied.receipt.state).toBe('applied');
  expect(applied.outcome.added.map(({ id }) => id)).toContain('page:803');
  expect(await there('SELECT post_content FROM wp_posts WHERE ID = 802')).toEqual([
    content('source').replace('URL', other.url),
  ]);
  expect(await there("SELECT post_content FROM wp_posts WHERE post_name = 'moved'")).toEqual([
    content('moved').replace('URL', other.url),
  ]);
  // A key that was made without a log-in has no administrator.
  expect(
    await there("SELECT post_author FROM wp_posts WHERE post_name IN ('moved', 'meets') ORDER BY post_name DESC"),
  ).toEqual([702, 0]);
  expect(await there('SELECT post_title FROM wp_posts WHERE ID IN (804, 805) ORDER BY ID')).toEqual([
    'another',
    'Order',
  ]);
  expect(
    await there("SELECT meta_value FROM wp_postmeta WHERE meta_key IN ('color', '_total') ORDER BY meta_value"),
  ).toEqual(['9', 'blue', 'red']);
  // What is somebody's is never that of another with the same number, nor of whoever gets a number next.
  expect(await there('SELECT user_id FROM wp_bookings ORDER BY id')).toEqual([702, 0]);
  expect(await there('SELECT CONCAT(a, b) FROM wp_nokey ORDER BY a')).toEqual(['11', '11', '22', '33']);
  expect(await there('SELECT user_login FROM wp_users WHERE ID IN (700, 701)')).toEqual(['bob']);
  expect(readFileSync(join(uploadsOf(other), '2031/01/edited.jpg'), 'utf8')).toBe('of the source');
  expect(readFileSync(join(uploadsOf(other), '2031/01/theirs.jpg'), 'utf8')).toBe('theirs');
  expect(readFileSync(join(uploadsOf(other), 'builder/new.css'), 'utf8')).toBe(
    `a { background: url(${other.url}/wp-content/uploads/2031/01/new.jpg) }`,
  );
  expect(readFileSync(join(other.content, 'plugins/forms/forms.php'), 'utf8')).toBe(plugin('1.0'));
  expect(readFileSync(join(other.content, 'plugins/newer/newer.php'), 'utf8')).toBe(plugin('2.0'));
  expect(fates(await site.plan(policy, at))).toEqual({ 'plugin:newer': 'LIVE_TAKEN' });
  await other.query(
    "INSERT INTO wp_posts (ID, post_type, post_title, post_content, post_excerpt, to_ping, pinged, post_content_filtered) VALUES (95000, 'shop_order', 'Later', '', '', '', '', '')",
  );
  const client = writeClient(at.access, key);
  const undone = await undoApplied(client, undefined, never);
  expect(undone.state).toBe('undone');
  expect(await there("SELECT option_value FROM wp_options WHERE option_name = 'blogname'")).toEqual(['Other']);
  expect(await there('SELECT post_title FROM wp_posts WHERE ID = 95000')).toEqual(['Later']);
  expect(files.map((folder) => filesBelow(folder))).toEqual(before);
  expect(restoreFolders(other)).toEqual([]);
  expect(await other.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).toEqual([]);
});

it('leaves nothing of ours on the other site once it was accepted', async () => {
  const policy = { only: ['page:moved'] };
  const { key, applied } = await site.apply(await site.plan(policy, at), policy, at);
  expect(applied.items).toBe(1);
  await acceptApplied(writeClient(at.access, key), never);
  expect(await other.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).toEqual([]);
  expect(restoreFolders(other)).toEqual([]);
});

it('goes to a site whose tables are called otherwise, and back, but for rights, whose names begin like those of tables', async () => {
  const prefixed = await startSource({ tablePrefix: 'abc_', mariadb: other.mariadb, posts: 1 });
  const titles = () => prefixed.query("SELECT post_title FROM abc_posts WHERE post_name IN ('alike', 'moved')");
  try {
    await prefixed.query('CREATE TABLE abc_theirs (id INT PRIMARY KEY)');
    await prefixed.query('CREATE TABLE abc_nokey (a INT, b INT)');
    const named: LiveAt = { source: prefixed, access: await installMigrator(prefixed), kin: 'other' };
    const policy = { only: ['page:alike', 'page:moved', 'row:nokey', 'option:blogname'], take: 'clone' as const };
    const plan = await site.plan(policy, named);
    expect(fates(plan)).toMatchObject({
      'page:801': 'new',
      'page:803': 'new',
      'row:nokey': 'changed',
      'option:blogname': 'changed',
    });
    expect(plan.tables).toContainEqual({ name: 'abc_theirs', state: 'new-on-live' });
    const name = () => prefixed.query("SELECT option_value FROM abc_options WHERE option_name = 'blogname'");
    const before = await name();
    const { key, applied } = await site.apply(plan, policy, named);
    expect(applied.receipt.applied?.rows).toMatchObject({
      abc_posts: 2,
      abc_postmeta: 2,
      abc_nokey: 3,
      abc_options: 1,
    });
    expect(await titles()).toHaveLength(2);
    expect(await name()).toEqual([{ option_value: 'Source' }]);
    expect(Object.values(fates(await site.plan(policy, named))).filter((fate) => fate === 'new')).toEqual([]);
    await undoApplied(writeClient(named.access, key), undefined, never);
    expect([await titles(), await prefixed.query('SELECT a FROM abc_nokey')]).toEqual([[], []]);
    expect(await name()).toEqual(before);
    const error = await failureOf(site.plan({ include: ['roles'] }, named));
    expect(error).toMatchObject({ code: 'RESTORE_IMPOSSIBLE', message: expect.stringContaining('abc_') });
  } finally {
    await prefixed.stop();
  }
});
