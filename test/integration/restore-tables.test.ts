import { afterAll, beforeAll, expect, it } from 'vitest';
import { join } from 'node:path';
import type { Plan } from '../../src/restore/plan/schema.ts';
import { undoApplied } from '../../src/restore/write/write.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { never, pair } from '../support/migrator.ts';
import { fatesOf, makeRestorable, type Restorable } from '../support/restorable.ts';
import { filesBelow, put } from '../support/restore-files.ts';
import { definitionsOf, optionOf, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';

/** A plugin that makes and upgrades its tables as plugins do. */
const forms = (version: string, title: number, more: string, entries: string): string => `<?php /* Plugin Name: Forms
 * Version: ${version} */
function forms_tables() {
	global $wpdb;
	if ( '${version}' === get_option( 'forms_db_version' ) ) return;
	require_once ABSPATH . 'wp-admin/includes/upgrade.php';
	dbDelta( "CREATE TABLE {$wpdb->prefix}forms (
		id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
		title varchar(${title}) NOT NULL DEFAULT '',${more}
		PRIMARY KEY  (id)
	) {$wpdb->get_charset_collate()};" );
	${entries}
	set_transient( 'forms_upgrades', 1 + (int) get_transient( 'forms_upgrades' ) );
	update_option( 'forms_db_version', '${version}' );
}
add_action( 'plugins_loaded', 'forms_tables' );
add_action( 'wp_footer', function () {
	global $wpdb;
	$rows = $wpdb->get_results( "SELECT * FROM {$wpdb->prefix}forms ORDER BY id", ARRAY_A );
	echo '<!-- forms ${version} ' . get_option( 'forms_db_version' ) . ' ' . wp_json_encode( $rows ) . ' -->';
} );`;
const OLD = forms('2.1', 100, '', '');
const NEW = forms(
  '2.4',
  191,
  "\n\t\tcolor varchar(20) NOT NULL DEFAULT 'plain',\n\t\tnote text,\n\t\tKEY color (color),",
  'dbDelta( "CREATE TABLE {$wpdb->prefix}forms_entries (\n id bigint(20) unsigned NOT NULL AUTO_INCREMENT,\n form bigint(20) unsigned NOT NULL,\n body longtext,\n at datetime NOT NULL DEFAULT \'0000-00-00 00:00:00\',\n PRIMARY KEY  (id),\n KEY form (form)\n) {$wpdb->get_charset_collate()};" );',
);

/** Of a length that the older version has no room for. */
const LONG = 'long '.repeat(30).trim();

let source: Source;
let site: Restorable;
let there: string;

beforeAll(async () => {
  source = await startSource({ plugins: { 'forms/forms.php': OLD } });
  await source.php('wp_mkdir_p( wp_upload_dir()["basedir"] );');
  await source.query("INSERT INTO wp_forms (id, title) VALUES (1, 'one'), (2, 'two')");
  site = await makeRestorable(source, 'tables');
  there = join(source.content, 'plugins');
  put(join(site.www, 'wp-content/plugins'), 'forms/forms.php', NEW);
  await site.php(
    `global $wpdb; $wpdb->update( 'wp_forms', array( 'color' => 'red' ), array( 'id' => 2 ) ); $wpdb->insert( 'wp_forms', array( 'id' => 5000, 'title' => '${LONG}', 'color' => 'blue', 'note' => 'x' ) ); $wpdb->insert( 'wp_forms_entries', array( 'form' => 2, 'body' => home_url( '/entry' ) ) );`,
  );
}, 180_000);
afterAll(async () => {
  await site.close();
  await source.stop();
});

const fates = (plan: Plan): Record<string, string> =>
  fatesOf([...plan.items, ...plan.code].filter(({ kept }) => kept?.class !== 'machine'));

const rowsOf = (table: string) => source.query(`SELECT * FROM ${table} ORDER BY 1`);
const setting = (name: string): Promise<unknown> => optionOf(source, name);
const own = () => source.query("SHOW TABLES LIKE 'wp\\_wpclone\\_rst%'");
const undo = async (key: WriteKey) => undoApplied(writeClient(await pair(source), key), undefined, never);
async function visit(): Promise<string> {
  const text = await (await fetch(`${source.url}/`)).text();
  return /<!-- forms (.*?) -->/.exec(text)?.[1] ?? text.slice(0, 200);
}

it('says which tables are altered and made, and of which package', async () => {
  const plan = await site.plan();
  expect(fates(plan)).toEqual({
    'plugin:forms': 'changed',
    'table:forms': 'changed',
    'table:forms_entries': 'new',
    'row:forms/2': 'changed',
    'row:forms/5000': 'new',
    'option:forms_db_version': 'changed',
  });
  expect(plan.items.find(({ id }) => id === 'table:forms')).toMatchObject({
    package: 'plugin:forms',
    what: ['2 columns new', '1 key new', '1 column widened'],
  });
  expect(plan.items.find(({ id }) => id === 'table:forms_entries')).toMatchObject({ package: 'plugin:forms', rows: 1 });
});

const everything = async () => [
  await definitionsOf(source),
  await rowsOf('wp_forms'),
  filesBelow(there),
  await setting('forms_db_version'),
];

it('alters and makes them before the rows, with the code and its version, and takes all of it back', async () => {
  const before = await everything();
  const { key, applied } = await site.apply(await site.plan());
  expect(applied.receipt.state).toBe('applied');
  expect(await rowsOf('wp_forms')).toEqual([
    { id: 1, title: 'one', color: 'plain', note: null },
    { id: 2, title: 'two', color: 'red', note: null },
    { id: 5000, title: LONG, color: 'blue', note: 'x' },
  ]);
  expect(await rowsOf('wp_forms_entries')).toMatchObject([{ body: `${source.url}/entry` }]);
  expect(await setting('forms_db_version')).toBe('2.4');
  expect([await visit(), await setting('_transient_forms_upgrades')]).toEqual([
    expect.stringMatching(/^2\.4 2\.4 /),
    '1',
  ]);
  expect(fates(await site.plan())).toEqual({});
  expect(await undo(key)).toMatchObject({ state: 'undone', kept: [] });
  expect(await everything()).toEqual(before);
  expect(await own()).toEqual([]);
});

it('rows that came since are kept and upgraded by the code itself, and what was written into new columns stays when the rest is undone', async () => {
  const before = await everything();
  await source.query("INSERT INTO wp_forms (id, title) VALUES (9, 'since')");
  const plan = await site.plan();
  expect(plan.notes).toEqual([expect.stringContaining('plugin forms upgrades those itself there')]);
  const { key } = await site.apply(plan);
  expect(await rowsOf('wp_forms')).toContainEqual({ id: 9, title: 'since', color: 'plain', note: null });
  expect(await visit()).toMatch(/^2\.4 2\.4 /);
  expect(await undo(key)).toMatchObject({ state: 'undone', kept: [] });
  await source.query('DELETE FROM wp_forms WHERE id = 9');
  expect(await everything()).toEqual(before);
  const again = await site.apply(await site.plan());
  await source.query("INSERT INTO wp_forms (id, title, color) VALUES (10, 'later', 'green')");
  await source.query("INSERT INTO wp_forms_entries (form, body) VALUES (10, 'later')");
  const undone = await undo(again.key);
  expect(undone.kept.map(({ table, why }) => [table, why])).toEqual([
    ['wp_forms_entries', 'holds'],
    ['wp_forms', 'holds'],
  ]);
  expect(undone.state).toBe('undone');
  expect(await visit()).toMatch(/^2\.1 2\.1 /);
  expect([await rowsOf('wp_forms_entries'), await own()]).toEqual([[expect.objectContaining({ body: 'later' })], []]);
});
