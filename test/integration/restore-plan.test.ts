import { mkdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Plan } from '../../src/restore/plan/schema.ts';
import { fatesOf, makeRestorable, type Restorable } from '../support/restorable.ts';
import { startSource, type Source } from '../support/source/index.ts';

let source: Source;
let site: Restorable;
const host = (): string => new URL(source.url).host;
const cloneHost = (): string => new URL(site.clone.task.cloneUrl).host;

const FORMS = '<?php /* Plugin Name: Forms\nVersion: 1.0 */';
const GALLERY = '<?php /* Plugin Name: Gallery\nVersion: 2.0 */';

beforeAll(async () => {
  source = await startSource({
    plugins: {
      'forms/forms.php': FORMS,
      'gallery/gallery.php': GALLERY,
      'goes/goes.php': '<?php /* Plugin Name: Goes */',
    },
  });
  for (const sql of [
    'CREATE TABLE wp_my_forms (slug VARCHAR(50) PRIMARY KEY, body TEXT) CHARSET utf8mb4',
    "INSERT INTO wp_my_forms VALUES ('one', 'a'), ('two', 'b')",
    'CREATE TABLE wp_nokey (a INT, b INT)',
    'INSERT INTO wp_nokey VALUES (1, 1), (1, 1), (2, 2)',
    'CREATE TABLE wp_empty_log (id INT PRIMARY KEY AUTO_INCREMENT, t TEXT)',
    "INSERT INTO wp_posts (ID, post_author, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, post_name, to_ping, pinged, post_modified, post_modified_gmt, post_content_filtered, post_type) SELECT 100 + seq, 1, NOW(), NOW(), CONCAT('Text of ', seq), CONCAT('Page ', seq), '', 'publish', CONCAT('page-', seq), '', '', '2026-01-01', '2026-01-01', '', 'page' FROM seq_1_to_20",
    "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES (101, 'color', 'red'), (102, 'color', 'red')",
    `UPDATE wp_posts SET post_content = CONCAT('<a href="http://www.elsewhere.example">x</a> <a href="${source.url}/a">a</a> tpyo') WHERE ID = 110`,
  ])
    await source.query(sql);
  site = await makeRestorable(source);
}, 180_000);
afterAll(async () => {
  await site.close();
  await source.stop();
});

const fates = (plan: Plan): Record<string, string> =>
  fatesOf(plan.items.filter(({ kept }) => kept?.class !== 'machine'));

it('finds nothing to bring back where nobody changed anything', async () => {
  const plan = await site.plan();
  expect(fates(plan)).toEqual({});
  expect(plan).toMatchObject({ conflicts: 0, changes: 0, notes: [], plugins: { activate: [], deactivate: [] } });
});

it('brings back what only the clone changed, keeps what only the live site did, and tells of what both did', async () => {
  await site.sql(
    "UPDATE wp_posts SET post_content = 'Edited here', post_modified = NOW() WHERE ID = 101",
    "UPDATE wp_posts SET post_content = 'Edited here' WHERE ID = 103",
    "UPDATE wp_posts SET post_content = 'The same' WHERE ID = 104",
    "UPDATE wp_options SET option_value = 'Named here' WHERE option_name = 'blogname'",
    "UPDATE wp_postmeta SET meta_value = 'blue' WHERE post_id = 102",
    "UPDATE wp_my_forms SET body = 'c' WHERE slug = 'two'",
    'INSERT INTO wp_nokey VALUES (1, 1)',
    'DELETE FROM wp_posts WHERE ID = 105',
    "UPDATE wp_options SET option_value = 'x' WHERE option_name = 'cron'",
  );
  await source.query("UPDATE wp_posts SET post_content = 'Edited there' WHERE ID = 103");
  await source.query("UPDATE wp_posts SET post_content = 'The same' WHERE ID = 104");
  await source.query("UPDATE wp_posts SET post_title = 'Another title' WHERE ID = 106");
  await source.query('INSERT INTO wp_nokey VALUES (2, 2)');
  await source.query(
    "INSERT INTO wp_comments (comment_post_ID, comment_author, comment_content, comment_date, comment_date_gmt) VALUES (106, 'x', 'y', NOW(), NOW())",
  );
  const plan = await site.plan();
  expect(fates(plan)).toEqual({
    'option:blogname': 'changed',
    'page:101': 'changed',
    'page:102': 'changed',
    'page:103': 'BOTH_CHANGED',
    'page:105': 'DELETION',
    'row:my_forms/two': 'changed',
    'row:nokey': 'changed',
  });
  expect(plan.items.find(({ id }) => id === 'page:101')).toMatchObject({
    title: 'Page "Page 1"',
    what: ['text'],
    group: 'content',
  });
  expect(plan.items.find(({ id }) => id === 'page:103')?.conflict?.message).toBe(
    'text changed here and on the live site',
  );
  expect(plan.meanwhile).toEqual(
    expect.arrayContaining([
      { kind: 'comment', new: 1, changed: 0, deleted: 0 },
      { kind: 'page', new: 0, changed: 3, deleted: 0 },
    ]),
  );
});

it('holds no value of the site, and keeps its token until something changes that it relies on', async () => {
  const [plan, again] = [await site.plan(), await site.plan()];
  expect(JSON.stringify(plan)).not.toMatch(/Edited (here|there)|Named here/);
  expect(again.token).toBe(plan.token);
  await source.query(
    "INSERT INTO wp_comments (comment_post_ID, comment_author, comment_content, comment_date, comment_date_gmt) VALUES (107, 'x', 'z', NOW(), NOW())",
  );
  expect((await site.plan()).token).toBe(plan.token);
  await source.query("UPDATE wp_posts SET post_title = 'Live' WHERE ID = 101");
  expect((await site.plan()).token).not.toBe(plan.token);
  expect((await site.plan({ take: 'clone' })).conflicts).toBe(0);
  expect(fates(await site.plan({ only: ['page:page-1'], skip: ['option:*'] }))).toMatchObject({
    'page:101': 'changed',
    'page:102': 'NOT_CHOSEN',
    'option:blogname': 'NOT_CHOSEN',
  });
  expect(fates(await site.plan({ delete: true }))).toMatchObject({ 'page:105': 'deleted' });
});

it('leaves what is new in the clone its number, in the name of the live site’s administrator', async () => {
  const own = (await site.sql("SELECT ID FROM wp_users WHERE user_login = 'wpclone-test'")).trim();
  await site.sql(
    `INSERT INTO wp_posts (post_author, post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, post_name, to_ping, pinged, post_modified, post_modified_gmt, post_content_filtered, post_type, guid) VALUES (${own}, NOW(), NOW(), 'http://${cloneHost()}/x', 'Spring', '', 'publish', 'spring', '', '', NOW(), NOW(), '', 'post', 'http://${cloneHost()}/?p=9')`,
    "INSERT INTO wp_postmeta (post_id, meta_key, meta_value) SELECT ID, '_thumbnail_id', 101 FROM wp_posts WHERE post_name = 'spring'",
    `INSERT INTO wp_options (option_name, option_value) VALUES ('mine', 'a:1:{s:1:"u";s:${`http://${cloneHost()}/b`.length}:"http://${cloneHost()}/b";}')`,
    `INSERT INTO wp_options (option_name, option_value) VALUES ('folder', '${dirname(site.www)}/run/x')`,
  );
  const plan = await site.plan();
  const spring = plan.items.find(({ title }) => title === 'Post "Spring"');
  expect(spring).toMatchObject({ change: 'new', group: 'content' });
  expect(Number(spring?.id.split(':')[1])).toBeGreaterThan(1000);
  expect(spring?.conflict).toBeUndefined();
  expect(fates(plan)).toMatchObject({ 'option:mine': 'new' });
  expect(plan.items.find(({ id }) => id === 'option:folder')?.conflict?.code).toBe('ADDRESS');
  expect(host()).not.toBe(cloneHost());
});

it('shows what a person does in WordPress as the things that they are, with all that they need', async () => {
  await site.php(`
    require_once ABSPATH . 'wp-admin/includes/image.php';
    file_put_contents( WP_CONTENT_DIR . '/uploads/rose.png', base64_decode( 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==' ) );
    $image = wp_insert_attachment( array( 'post_title' => 'Rose', 'post_mime_type' => 'image/png' ), WP_CONTENT_DIR . '/uploads/rose.png' );
    $page = wp_insert_post( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_title' => 'Garden', 'post_content' => 'with wp-image-' . $image ) );
    set_post_thumbnail( $page, $image );
    $menu = wp_create_nav_menu( 'Top' );
    wp_update_nav_menu_item( $menu, 0, array( 'menu-item-object-id' => $page, 'menu-item-object' => 'page', 'menu-item-type' => 'post_type', 'menu-item-status' => 'publish', 'menu-item-title' => 'Garden' ) );
    wp_set_post_terms( $page, array(), 'category' );
    wp_update_post( array( 'ID' => 111, 'post_content' => 'Edited by WordPress' ) );
    wp_trash_post( 112 );
    wp_insert_term( 'Flowers', 'category' );
    wp_insert_user( array( 'user_login' => 'tester', 'user_pass' => 'x', 'user_email' => 't@t.example' ) );
    set_transient( 'some', 'thing' );
  `);
  await source.query('CREATE TRIGGER shout AFTER UPDATE ON wp_posts FOR EACH ROW SET @shouted = 1');
  const plan = await site.plan();
  const titles = plan.items
    .filter(({ conflict, kept }) => !conflict && !kept)
    .map(({ title, change }) => `${title} ${change}`);
  expect(titles).toEqual(
    expect.arrayContaining([
      'File "Rose" new',
      'Page "Garden" new',
      'Menu "Top" new',
      'Term "Flowers" new',
      'Page "Page 11" changed',
      'Page "Page 12" changed',
    ]),
  );
  expect(plan.items.find(({ title }) => title === 'Page "Page 11"')?.what).toEqual(['text']);
  expect(plan.items.filter(({ title }) => title === 'User "tester"').map(({ kept }) => kept?.class)).toEqual([
    'users',
    'roles',
  ]);
  // A password's hash, or a key, must not be guessed from a digest in a file that is passed around.
  const hidden = plan.items.filter(({ kept }) => kept?.code === 'PROTECTED').map(({ live, clone }) => live + clone);
  expect([...new Set(hidden)]).toEqual(['0'.repeat(128)]);
  expect(plan.notes).toEqual(['Triggers of the live site run when this is written: shout (wp_posts).']);
  await source.query('DROP TRIGGER shout');
  expect(plan.items.filter(({ kept }) => kept?.class === 'revisions')).not.toEqual([]);
  expect(plan.uploads.map(({ id, kept }) => [id, kept?.code])).toContainEqual(['upload:rose.png', undefined]);
  const without = await site.plan({ skip: ['attachment:rose'] });
  expect(without.items.find(({ title }) => title === 'Page "Garden"')?.conflict?.code).toBe('NEEDS');
  expect(without.items.find(({ title }) => title === 'Menu "Top"')?.conflict?.code).toBe('NEEDS');
  expect(without.uploads.find(({ id }) => id === 'upload:rose.png')?.kept?.code).toBe('NOT_CHOSEN');
});

it('takes no table for a deletion that the clone never had, and no row that was left out', async () => {
  await source.query("INSERT INTO wp_my_forms VALUES ('three', 'c')");
  await site.sql(
    'DROP TABLE wp_empty_log',
    'CREATE TABLE wp_fresh (id INT PRIMARY KEY)',
    'ALTER TABLE wp_my_forms ADD more INT',
  );
  const plan = await site.plan();
  expect(plan.tables).toEqual(
    expect.arrayContaining([
      { name: 'wp_empty_log', state: 'dropped-in-clone' },
      { name: 'wp_fresh', state: 'new-in-clone', rows: 0 },
      { name: 'wp_my_forms', state: 'altered-in-clone', columns: ['more'] },
    ]),
  );
  // What was only added goes, and rows can be compared with it.
  expect(fates(plan)).toMatchObject({
    'table:my_forms': 'changed',
    'table:fresh': 'new',
    'row:my_forms/two': 'changed',
  });
  await site.sql('ALTER TABLE wp_my_forms MODIFY body VARCHAR(100)');
  expect(fates(await site.plan())).toMatchObject({
    'table:my_forms': 'TABLE_ALTERED',
    'row:my_forms/two': 'NOT_COMPARABLE',
  });
});

it('brings back code by package and uploads one by one, and writes nothing that is the host’s', async () => {
  const content = join(site.www, 'wp-content');
  const write = (folder: string, path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write(content, 'plugins/forms/forms.php', FORMS.replace('1.0', '1.1'));
  write(content, 'plugins/forms/more.php', '<?php // more');
  write(content, 'plugins/gallery/gallery.php', `${GALLERY}// mine`);
  write(content, 'plugins/fresh/fresh.php', '<?php /* Plugin Name: Fresh */');
  rmSync(join(content, 'plugins/goes'), { recursive: true });
  write(content, 'uploads/2026/01/new.jpg', 'a picture');
  write(content, 'uploads/2026/01/both.jpg', 'ours');
  write(content, 'uploads/2026/01/shell.php', '<?php');
  write(content, 'cache/page.html', 'x');
  write(site.www, '.htaccess', '# ours');
  write(source.content, 'plugins/gallery/gallery.php', GALLERY.replace('2.0', '2.1'));
  write(source.content, 'uploads/2026/01/both.jpg', 'theirs');
  utimesSync(join(source.content, 'plugins/forms/forms.php'), 1_700_000_000, 1_700_000_000);
  const plan = await site.plan();
  expect(fatesOf(plan.code)).toEqual({
    'plugin:forms': 'changed',
    'plugin:gallery': 'NEWER_ON_LIVE',
    'plugin:fresh': 'new',
    'plugin:goes': 'DELETION',
    'files:.htaccess': 'NOT_WRITABLE',
  });
  expect(plan.code.find(({ id }) => id === 'plugin:forms')).toMatchObject({
    versions: { base: '1.0', live: '1.0', clone: '1.1' },
    files: [
      { place: 'wp-content/plugins/forms/forms.php', change: 'changed' },
      { place: 'wp-content/plugins/forms/more.php', change: 'new', base: null, live: null },
    ],
  });
  expect(fatesOf(plan.uploads)).toEqual({
    'upload:2026/01/both.jpg': 'NAME_TAKEN',
    'upload:2026/01/new.jpg': 'new',
    'upload:rose.png': 'new',
    'upload:2026/01/shell.php': 'NOT_WRITABLE',
  });
});

it('tells plugins that are active in the clone from rows', async () => {
  const list = (...names: string[]): string =>
    `a:${names.length}:{${names.map((name, index) => `i:${index};s:${name.length}:"${name}";`).join('')}}`;
  await site.sql(
    `UPDATE wp_options SET option_value = '${list('fresh/fresh.php', 'forms/forms.php')}' WHERE option_name = 'active_plugins'`,
  );
  const plan = await site.plan();
  expect(plan.plugins.activate).toContain('fresh/fresh.php');
  expect(plan.items.map(({ id }) => id)).not.toContain('option:active_plugins');
});

it('makes the plan that is possible of a clone that does not remember its source, and says so', async () => {
  rmSync(site.home.paths(site.id).baseline + '/origin', { recursive: true });
  const plan = await site.plan();
  expect(plan.notes).toEqual([expect.stringContaining('older wpclone')]);
  expect(fates(plan)).toMatchObject({
    'page:101': 'changed',
    'page:103': 'BOTH_CHANGED',
    'option:blogname': 'changed',
  });
});

it('holds the clone while it is read: nobody resets or removes it', async () => {
  const { runtime, context } = site.home;
  const lease = await runtime.takeForRestore(site.id, context);
  const other = { ...context, jobId: 'another' };
  await expect(runtime.takeForReset(site.id, other)).rejects.toMatchObject({ code: 'BUSY' });
  await expect(runtime.remove(site.id, other)).rejects.toMatchObject({ code: 'BUSY' });
  await lease.release(context);
  expect((await runtime.get(site.id, context)).facts.state).toBe('ready');
  await (await runtime.takeForReset(site.id, other)).release(other);
});
