import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { join } from 'node:path';
import type { Plan } from '../../src/restore/plan/schema.ts';
import { stagedRows } from '../../src/restore/write/staged.ts';
import { applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import { cutOff } from '../support/restore-cuts.ts';
import type { NewColumn, RestoreChanges, TableAddition } from '../../src/restore/changes.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { never, pair } from '../support/migrator.ts';
import { makeRestorable, type Restorable } from '../support/restorable.ts';
import { filesBelow, put } from '../support/restore-files.ts';
import { changesOf, keyed, restoreKey, writeClient } from '../support/restore.ts';
import { failureOf } from '../support/work.ts';
import { startSource, type Source } from '../support/source/index.ts';

/** A plugin that makes and upgrades its tables as plugins do. */
const forms = (version: string, more: string, entries: string): string => `<?php /* Plugin Name: Forms
 * Version: ${version} */
function forms_tables() {
	global $wpdb;
	if ( '${version}' === get_option( 'forms_db_version' ) ) return;
	require_once ABSPATH . 'wp-admin/includes/upgrade.php';
	dbDelta( "CREATE TABLE {$wpdb->prefix}forms (
		id bigint(20) unsigned NOT NULL AUTO_INCREMENT,
		title varchar(100) NOT NULL DEFAULT '',${more}
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
const OLD = forms('2.1', '', '');
const NEW = forms(
  '2.4',
  "\n\t\tcolor varchar(20) NOT NULL DEFAULT 'plain',\n\t\tnote text,\n\t\tKEY color (color),",
  'dbDelta( "CREATE TABLE {$wpdb->prefix}forms_entries (\n id bigint(20) unsigned NOT NULL AUTO_INCREMENT,\n form bigint(20) unsigned NOT NULL,\n body longtext,\n at datetime NOT NULL DEFAULT \'0000-00-00 00:00:00\',\n PRIMARY KEY  (id),\n KEY form (form)\n) {$wpdb->get_charset_collate()};" );',
);

let source: Source;
let site: Restorable;
let there: string;

beforeAll(async () => {
  source = await startSource({ plugins: { 'forms/forms.php': OLD } });
  await source.php('wp_mkdir_p( wp_upload_dir()["basedir"] );');
  await source.query("INSERT INTO wp_forms (id, title) VALUES (1, 'one'), (2, 'two')");
  await source.query('CREATE TABLE wp_cut (id INT NOT NULL PRIMARY KEY, a VARCHAR(20) NOT NULL) ENGINE=InnoDB');
  await source.query("INSERT INTO wp_cut VALUES (1, 'a'), (2, 'b')");
  site = await makeRestorable(source, 'tables');
  there = join(source.content, 'plugins');
  put(join(site.www, 'wp-content/plugins'), 'forms/forms.php', NEW);
  await site.php(
    `global $wpdb; $wpdb->update( 'wp_forms', array( 'color' => 'red' ), array( 'id' => 2 ) ); $wpdb->insert( 'wp_forms', array( 'id' => 5000, 'title' => 'new', 'color' => 'blue', 'note' => 'x' ) ); $wpdb->insert( 'wp_forms_entries', array( 'form' => 2, 'body' => home_url( '/entry' ) ) );`,
  );
}, 180_000);
afterAll(async () => {
  await site.close();
  await source.stop();
});

const fates = (plan: Plan): Record<string, string> =>
  Object.fromEntries(
    [...plan.items, ...plan.code]
      .filter(({ kept }) => kept?.class !== 'machine')
      .map(({ id, conflict, kept, change }) => [id, conflict?.code ?? kept?.code ?? change]),
  );

const definitions = async (): Promise<Record<string, unknown>> => {
  const names = (await source.query("SHOW TABLES LIKE 'wp\\_%'")).map((row) => String(Object.values(row)[0]));
  const found: [string, unknown][] = [];
  for (const name of names.filter((each) => !each.startsWith('wp_wpclone'))) {
    const [row] = await source.query(`SHOW CREATE TABLE \`${name}\``);
    found.push([name, String(row?.['Create Table']).replace(/ AUTO_INCREMENT=\d+/, '')]);
  }
  return Object.fromEntries(found);
};
const rows = (table: string) => source.query(`SELECT * FROM ${table} ORDER BY 1`);
const setting = async (name: string): Promise<unknown> =>
  (await source.query(`SELECT option_value AS v FROM wp_options WHERE option_name = '${name}'`))[0]?.['v'];
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
    what: ['2 columns new', '1 key new'],
  });
  expect(plan.items.find(({ id }) => id === 'table:forms_entries')).toMatchObject({ package: 'plugin:forms', rows: 1 });
});

const everything = async () => [
  await definitions(),
  await rows('wp_forms'),
  filesBelow(there),
  await setting('forms_db_version'),
];

it('alters and makes them before the rows, with the code and its version, and takes all of it back', async () => {
  const before = await everything();
  const { key, applied } = await site.apply(await site.plan());
  expect(applied.receipt.state).toBe('applied');
  expect(await rows('wp_forms')).toEqual([
    { id: 1, title: 'one', color: 'plain', note: null },
    { id: 2, title: 'two', color: 'red', note: null },
    { id: 5000, title: 'new', color: 'blue', note: 'x' },
  ]);
  expect(await rows('wp_forms_entries')).toMatchObject([{ body: `${source.url}/entry` }]);
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
  expect(await rows('wp_forms')).toContainEqual({ id: 9, title: 'since', color: 'plain', note: null });
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
  expect([await rows('wp_forms_entries'), await own()]).toEqual([[expect.objectContaining({ body: 'later' })], []]);
});

const column = (name: string, more: Partial<NewColumn> = {}): NewColumn => ({
  name,
  type: 'varchar(20)',
  collation: null,
  nullable: false,
  fallback: 'value',
  value: 'none',
  stamped: false,
  counts: false,
  ...more,
});
const number = column('id', { type: 'int(11)', fallback: 'none' });
const extend: TableAddition = {
  item: 0,
  table: 'wp_cut',
  kind: 'extend',
  columns: [column('b')],
  keys: [{ kind: 'plain', name: 'b', parts: [{ column: 'b', length: 10 }] }],
};
const make: TableAddition = {
  item: 0,
  table: 'wp_cut_new',
  kind: 'make',
  columns: [number, column('c', { type: 'longtext', fallback: 'null', nullable: true })],
  keys: [{ kind: 'primary', name: '', parts: [{ column: 'id', length: null }] }],
  engine: 'InnoDB',
  collation: null,
};

/** A key of a restore that has all of this staged. */
async function staged(schema: readonly TableAddition[] = [extend, make]): Promise<WriteKey> {
  const key = await restoreKey(source);
  const client = writeClient(await pair(source), key);
  await stageChanges(client, changesWith(schema), { signal: never });
  return key;
}
function changesWith(schema: readonly TableAddition[]): RestoreChanges {
  const { value: _, ...rest } = make.columns[1]!;
  const update = { item: 0, key: { id: '2' }, before: { a: 'b', b: 'none' }, after: { a: 'bb', b: 'some' } };
  const rows = [
    keyed('wp_cut', 'id', { updates: [update], inserts: [{ item: 0, row: { id: '3', a: 'c', b: 'new' } }] }),
    keyed('wp_cut_new', 'id', { inserts: [{ item: 0, row: { id: '1', c: 'made' } }] }),
  ];
  const additions = schema.map((each) => (each === make ? { ...make, columns: [number, rest] } : each));
  return { ...changesOf(rows, [{ id: 'plugin:cut', title: 'Cut' }]), schema: additions };
}
const cutTables = async (): Promise<string> => {
  const { wp_cut, wp_cut_new } = await definitions();
  return JSON.stringify([wp_cut, wp_cut_new, await rows('wp_cut'), wp_cut_new && (await rows('wp_cut_new'))]);
};

it(
  'an apply and an undo that are cut off end as before or done, wherever that was and whatever died',
  { timeout: 600_000 },
  async () => {
    const before = await cutTables();
    const client = async (key: WriteKey) => writeClient(await pair(source), key);
    const done = await staged();
    await applyStaged(await client(done), never);
    const after = await cutTables();
    expect(after).toContain('made');
    expect((await undoApplied(await client(done), undefined, never)).state).toBe('undone');
    expect(await cutTables()).toBe(before);
    const stride = Math.max(1, Math.round(29 / Number(process.env['WPCLONE_STRESS'] ?? 1)));
    const ends = new Set<string>();
    for (const operation of ['apply', 'undo'] as const)
      for (let at = 3, wasCut = true; wasCut; at += stride) {
        const cut = at % 2 === 1 ? 'kill' : 'database';
        const key = await staged();
        if (operation === 'undo') await applyStaged(await client(key), never);
        wasCut = await cutOff(source, key.restore, operation, at, cut);
        await source.query("DELETE FROM wp_options WHERE option_name = 'core_updater.lock'"); // As after a minute.
        const said = (await (await client(key)).status(false, never)).state;
        // What was begun when the receipt was there is gone on with by whoever asks next.
        const state = said === 'undone' ? (await (await client(key)).undo(undefined, never)).state : said;
        const now = await cutTables();
        ends.add(`${operation} ${state} ${now === before ? 'before' : now === after ? 'after' : now}`);
        if (state === 'applied') await undoApplied(await client(key), undefined, never);
        else await (await client(key)).finish(never);
        expect([await cutTables(), await own()]).toEqual([before, []]);
      }
    expect([...ends].toSorted()).toEqual(
      ['apply applied after', 'apply sealed before', 'undo applied after', 'undo undone before'].toSorted(),
    );
  },
);

it('the site refuses by itself what is no addition to a table of its plugins, and what it cannot make', async () => {
  const client = writeClient(await pair(source), await restoreKey(source));
  const { shape } = stagedRows(changesOf([]));
  const refused = async (addition: TableAddition) => {
    const { schema = [] } = stagedRows({ ...changesOf([]), schema: [addition] }).shape;
    return (await failureOf(client.begin({ ...shape, schema }, never))).code;
  };
  const cases: [string, TableAddition][] = [
    ['SOURCE_FAILED', { ...extend, table: 'wp_posts' }],
    ['SOURCE_FAILED', { ...extend, table: 'mysql.user' }],
    ['SOURCE_FAILED', { ...make, table: 'other_cut' }],
    ['SOURCE_FAILED', { ...make, table: 'wp_wpclone_restores2' }],
    ['PROTECTED', { ...make, table: 'wp_actionscheduler_more' }],
    ['SOURCE_CHANGED', { ...make, table: 'wp_CUT' }],
    ['SOURCE_CHANGED', { ...extend, columns: [column('a')] }],
    ['SOURCE_FAILED', { ...extend, columns: [column('b', { type: 'int(11), DROP COLUMN a' })] }],
    ['SOURCE_FAILED', { ...extend, columns: [column('b', { collation: 'utf8mb4_bin, DROP COLUMN a' })] }],
    ['SOURCE_FAILED', { ...extend, columns: [column('b`, DROP COLUMN a -- ', { counts: true })] }],
    ['SOURCE_FAILED', { ...extend, keys: [{ kind: 'primary', name: '', parts: [{ column: 'a', length: null }] }] }],
    ['SOURCE_FAILED', { ...make, engine: 'FEDERATED' }],
    ['PROTECTED', { ...extend, settings: [{ name: 'db_version', before: '1' }] }],
    ['PROTECTED', { ...extend, settings: [{ name: 'siteurl', before: 'x' }] }],
    ['DOES_NOT_FIT', { ...extend, columns: [column('b', { collation: 'utf8mb4_nobody_ci' })] }],
  ];
  const before = await cutTables();
  for (const [code, addition] of cases) expect([addition, await refused(addition)]).toEqual([addition, code]);
  await client.finish(never);
  expect([await cutTables(), await own()]).toEqual([before, []]);
});

it('takes all of it back where rows are alike in a new key', async () => {
  const before = await cutTables();
  const alike = { ...extend, keys: [{ ...extend.keys[0]!, kind: 'unique' as const }] };
  const client = writeClient(await pair(source), await staged([alike, make]));
  const error = await failureOf(client.apply(never));
  expect([error.code, error.message]).toEqual(['DOES_NOT_FIT', expect.stringContaining('alike')]);
  expect(await cutTables()).toBe(before);
  await client.finish(never);
  expect(await own()).toEqual([]);
});

it('waits for a table that somebody reads, and nobody waits behind it', async () => {
  const key = await staged();
  const client = writeClient(await pair(source), key);
  const { host, port, user, password, name } = source.database;
  const reader = await createConnection({ host, port, user, password, database: name });
  await reader.query('START TRANSACTION');
  await reader.query('SELECT * FROM wp_cut');
  const applied = client.apply(never);
  const journal = `wp_wpclone_${key.restore.replace('-', '')}_s`;
  await vi.waitFor(async () => expect(await source.query(`SELECT n FROM ${journal}`)).not.toEqual([]), 60_000);
  // Behind one who waits for the table it would wait as long as that one does.
  await source.query('SET STATEMENT lock_wait_timeout = 2 FOR SELECT * FROM wp_cut');
  await reader.query('COMMIT');
  await reader.end();
  expect((await applied).state).toBe('applied');
  expect((await undoApplied(client, undefined, never)).state).toBe('undone');
});
