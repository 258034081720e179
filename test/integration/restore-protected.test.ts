import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KeyedChanges, RestoreChanges } from '../../src/restore/changes.ts';
import { acceptApplied, applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteClient } from '../../src/site/write/client.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { changesOf, keyed, pick, restoreKey, rowOf, writeClient } from '../support/restore.ts';
import { FORM, signedForm } from '../support/signed.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { failureOf } from '../support/work.ts';

let source: Source;
let access: SourceAccess;

beforeAll(async () => {
  source = await startSource();
  access = await installMigrator(source);
});
afterAll(() => source.stop());

describe('what is protected', () => {
  const fresh = (table: string, key: string, row: Record<string, string | null>): KeyedChanges => ({
    kind: 'keyed',
    table,
    key: [key],
    updates: [],
    inserts: [{ item: 0, row }],
    deletes: [],
    expects: [],
  });
  const changed = async (table: string, key: string, where: string, column: string): Promise<KeyedChanges> => {
    const row = await rowOf(source, table, where);
    const update = { item: 0, key: pick(row, key), before: pick(row, column), after: { [column]: 'x' } };
    return { ...fresh(table, key, {}), inserts: [], updates: [update] };
  };
  const option = (name: string): Promise<KeyedChanges> =>
    changed('wp_options', 'option_id', `option_name = '${name}'`, 'option_value');

  it('is refused by the site itself, unless it was named when the key was made', async () => {
    const post = await rowOf(source, 'wp_posts', 'ID = 1');
    await source.query(
      "INSERT INTO wp_posts (ID, post_type, post_content, post_title, post_excerpt, to_ping, pinged, post_content_filtered) VALUES (95000, 'shop_order', '', 'Order', '', '', '', '')",
    );
    const rights = fresh('wp_usermeta', 'umeta_id', { user_id: '3', meta_key: 'wp_capabilities', meta_value: 'x' });
    const refused: readonly [string, KeyedChanges][] = [
      ['address', await option('siteurl')],
      ['roles', await option('wp_user_roles')],
      ['own', await option('active_plugins')],
      ['plugins', await option('stylesheet')],
      ['machine', await option('db_version')],
      ['machine', await option('cron')],
      ['own', await option('wpclone_migrator_until')],
      [
        'own',
        fresh('wp_options', 'option_id', { option_name: 'WPClone_migrator_key_0123456789abcdef', option_value: 'x' }),
      ],
      ['roles', fresh('wp_options', 'option_id', { option_name: 'Default_Role ', option_value: 'administrator' })],
      ...[
        'WooCommerce_razorpay_settings',
        'woocommerce-ppcp-settings',
        'mollie-payments-for-woocommerce_test_mode',
      ].map((option_name): [string, KeyedChanges] => [
        'secrets',
        fresh('wp_options', 'option_id', { option_name, option_value: 'x' }),
      ]),
      ['users', await changed('wp_users', 'ID', 'ID = 1', 'user_pass')],
      ['users', rights],
      ['orders', fresh('wp_posts', 'ID', { ...post, ID: '90009', post_type: 'shop_order' })],
      ['orders', await changed('wp_posts', 'ID', 'ID = 95000', 'post_status')],
      ['orders', fresh('wp_postmeta', 'meta_id', { post_id: '95000', meta_key: '_order_total', meta_value: '0' })],
    ];
    const client = writeClient(access, await restoreKey(source));
    for (const [name, changes] of refused) {
      const failure = await failureOf(stageChanges(client, changesOf([changes]), { signal: never }));
      expect([JSON.stringify(changes).slice(0, 200), failure.code, failure.details['class']]).toEqual([
        JSON.stringify(changes).slice(0, 200),
        'PROTECTED',
        name,
      ]);
    }
    // A second site that shares the users of the first.
    for (const name of ['options', 'posts', 'postmeta'])
      await source.query(`CREATE TABLE wp_shop_${name} (id INT PRIMARY KEY)`);
    for (const table of [
      'wp_wpclone_restores',
      'wp_shop_options',
      'mysql.user',
      'other_table',
      'wp_no_such_table',
      'wp_posts; DROP TABLE wp_posts',
    ])
      expect(
        (await failureOf(stageChanges(client, changesOf([fresh(table, 'id', { id: '1' })]), { signal: never })))
          .message,
      ).toContain('Only tables of this site');
    const unknown = fresh('wp_posts', 'ID', { 'ID`) SELECT 1 -- ': '1' });
    expect((await failureOf(stageChanges(client, changesOf([unknown]), { signal: never }))).code).toBe(
      'SOURCE_CHANGED',
    );
    await client.finish(never);
    const users = writeClient(access, await restoreKey(source, undefined, ['users', 'machine']));
    expect((await failureOf(stageChanges(users, changesOf([rights]), { signal: never }))).details['class']).toBe(
      'roles',
    );
    await stageChanges(users, changesOf([await option('cron')]), { signal: never });
    await users.finish(never);
  });

  it('is not read by anybody while it is staged', async () => {
    const client = writeClient(access, await restoreKey(source));
    const changes = changesOf([await changed('wp_posts', 'ID', 'ID = 1', 'post_title')]);
    await stageChanges(client, changes, { signal: never });
    const asked = { name: 'wp_wpclone_restores', columns: ['public_key'], key: ['id'] };
    const body = signedForm(access, { op: 'rows', tables: [asked] });
    const answer = await request(source.url, { method: 'POST', headers: FORM, body });
    expect(await answer.body.text()).toContain('no_such_table');
    await client.finish(never);
  });
});

describe('rows of a restore', () => {
  const staged = async (changes: RestoreChanges): Promise<WriteClient> => {
    const client = writeClient(access, await restoreKey(source));
    await stageChanges(client, changes, { signal: never }).catch(async (error: unknown) => {
      await client.finish(never);
      throw error;
    });
    return client;
  };

  it('take no row along that came since and points at them by a foreign key, neither undone nor deleted', async () => {
    await source.query('CREATE TABLE wp_forms (id INT PRIMARY KEY, title VARCHAR(20)) ENGINE=InnoDB');
    await source.query(
      'CREATE TABLE wp_form_entries (id INT PRIMARY KEY, form INT, FOREIGN KEY (form) REFERENCES wp_forms (id) ON DELETE CASCADE) ENGINE=InnoDB',
    );
    const entries = (): Promise<unknown> => source.query('SELECT id FROM wp_form_entries ORDER BY id');
    const row = { id: '1', title: 'Ours' };
    const made = await staged(changesOf([keyed('wp_forms', 'id', { inserts: [{ item: 0, row }] })]));
    await applyStaged(made, never);
    await source.query('INSERT INTO wp_form_entries VALUES (7, 1)');
    expect(await undoApplied(made, undefined, never)).toMatchObject({
      state: 'partly',
      kept: [{ item: 'post:1', table: 'wp_form_entries', why: 'needed' }],
    });
    await acceptApplied(made, never);
    const gone = changesOf([keyed('wp_forms', 'id', { deletes: [{ item: 0, row }] })]);
    expect((await failureOf(staged(gone))).code).toBe('DRIFT');
    expect(await entries()).toEqual([{ id: 7 }]);
    const both = await staged(
      changesOf([
        keyed('wp_forms', 'id', { deletes: [{ item: 0, row }] }),
        keyed('wp_form_entries', 'id', { deletes: [{ item: 0, row: { id: '7', form: '1' } }] }),
      ]),
    );
    await applyStaged(both, never);
    expect(await entries()).toEqual([]);
    expect(await undoApplied(both, undefined, never)).toMatchObject({ state: 'undone', kept: [] });
    expect(await entries()).toEqual([{ id: 7 }]);
    await source.query('DROP TABLE wp_form_entries, wp_forms');
  });

  it('take no row along that comes while they are deleted, and points at one of them by a foreign key', async () => {
    await source.query('CREATE TABLE wp_forms (id INT PRIMARY KEY, title VARCHAR(20)) ENGINE=InnoDB');
    await source.query(
      'CREATE TABLE wp_form_entries (id INT PRIMARY KEY, form INT, FOREIGN KEY (form) REFERENCES wp_forms (id) ON DELETE CASCADE) ENGINE=InnoDB',
    );
    await source.query("INSERT INTO wp_forms VALUES (1, 'Ours')");
    const { socket, name } = source.database;
    const other = await mysql.createConnection({ socketPath: socket, user: 'root', database: name });
    const row = { id: '1', title: 'Ours' };
    const client = await staged(changesOf([keyed('wp_forms', 'id', { deletes: [{ item: 0, row }] })]));
    await other.query('START TRANSACTION');
    await other.query('INSERT INTO wp_form_entries VALUES (7, 1)');
    const applied = failureOf(applyStaged(client, never));
    await delay(400);
    await other.query('COMMIT');
    await other.end();
    expect((await applied).code).toBe('DRIFT');
    expect(await source.query('SELECT id, form FROM wp_form_entries')).toEqual([{ id: 7, form: 1 }]);
    await client.finish(never);
    await source.query('DROP TABLE wp_form_entries, wp_forms');
  });

  it('may be those of whoever restores: the key lives on, and takes them back', async () => {
    const key = await restoreKey(source, undefined, ['users']);
    const client = writeClient(access, key);
    const before = await rowOf(source, 'wp_users', 'ID = 1');
    const update = { item: 0, key: pick(before, 'ID'), before: pick(before, 'user_pass'), after: { user_pass: 'x' } };
    await stageChanges(client, changesOf([keyed('wp_users', 'ID', { updates: [update] })]), { signal: never });
    // Its half hour is nearly over when it writes.
    await source.query('UPDATE wp_wpclone_restores SET keyed = keyed - 1700, user_id = 1');
    const holder = await source.php(
      `require_once WP_PLUGIN_DIR . '/wpclone-migrator/includes/keys.php'; echo 'holder ' . Wpclone\\Migrator\\holder_state( 1 );`,
    );
    await source.query(`UPDATE wp_wpclone_restores SET holder = '${/holder (\w+)/.exec(holder)?.[1]}'`);
    await applyStaged(client, never);
    expect((await rowOf(source, 'wp_users', 'ID = 1'))['user_pass']).not.toEqual(before['user_pass']);
    const [{ age }] = (await source.query('SELECT UNIX_TIMESTAMP() - keyed AS age FROM wp_wpclone_restores')) as [{ age: number }]; // prettier-ignore
    expect(age).toBeLessThan(600);
    expect((await client.status(false, never)).state).toBe('applied');
    expect(await undoApplied(client, undefined, never)).toMatchObject({ state: 'undone', kept: [] });
    expect((await rowOf(source, 'wp_users', 'ID = 1'))['user_pass']).toEqual(before['user_pass']);
  });

  it('undone keep a page that somebody has made the front page since, and take back one that they made it themselves', async () => {
    const [post, option] = [
      await rowOf(source, 'wp_posts', 'ID = 1'),
      await rowOf(source, 'wp_options', "option_name = 'page_on_front'"),
    ];
    const row = { ...post, ID: '90010', post_type: 'page', post_name: 'front' };
    const page = keyed('wp_posts', 'ID', { inserts: [{ item: 0, row }] });
    const update = { item: 1, key: pick(option, 'option_id'), before: pick(option, 'option_value') };
    const front = keyed('wp_options', 'option_id', { updates: [{ ...update, after: { option_value: '90010' } }] });
    const items = [
      { id: 'page:90010', title: 'Page "Front"' },
      { id: 'option:page_on_front', title: 'page_on_front' },
    ];
    const own = await staged(changesOf([page, front], items));
    await applyStaged(own, never);
    expect(await undoApplied(own, undefined, never)).toMatchObject({ state: 'undone', kept: [] });
    const alone = await staged(changesOf([page], items.slice(0, 1)));
    await applyStaged(alone, never);
    await source.query("UPDATE wp_options SET option_value = '90010' WHERE option_name = 'page_on_front'");
    expect(await undoApplied(alone, undefined, never)).toMatchObject({
      state: 'partly',
      kept: [{ item: 'page:90010', table: 'wp_options', why: 'needed' }],
    });
    await source.query("UPDATE wp_options SET option_value = '0' WHERE option_name = 'page_on_front'");
    expect(await undoApplied(alone, undefined, never)).toMatchObject({ state: 'undone', kept: [] });
  });
});

/** Categories that count for themselves, as WooCommerce's do (_wc_term_recount()). */
const COUNTING_SHOP = `<?php add_action( 'init', function () {
  register_taxonomy( 'product_cat', 'post', array( 'update_count_callback' => function ( $terms ) {
    global $wpdb;
    foreach ( $terms as $term ) {
      $count = $wpdb->get_var( "SELECT COUNT(*) FROM $wpdb->term_relationships r JOIN $wpdb->posts p ON p.ID = r.object_id WHERE r.term_taxonomy_id = $term AND p.post_status = 'publish'" );
      update_term_meta( get_term_by( 'term_taxonomy_id', $term )->term_id, 'product_count_product_cat', $count );
    }
  } ) );
} );`;

it('posts that get another status count their terms anew, as plugins count theirs, those that wait are published when their time comes, and a shop forgets what it had put together of products', async () => {
  await source.php(
    "foreach ( array( 'wc_var_prices_1', 'wc_product_children_1', 'product-transient-version', 'wcx_other' ) as $name ) { set_transient( $name, 'kept', 3600 ); }",
  );
  const shop = join(source.content, 'mu-plugins/counting-shop.php');
  await writeFile(shop, COUNTING_SHOP);
  await source.query('REPLACE INTO wp_term_relationships VALUES (1, 1, 0)');
  await source.query("UPDATE wp_posts SET post_status = 'publish' WHERE ID = 1");
  await source.php("wp_insert_term( 'Shirts', 'product_cat' ); wp_set_object_terms( 1, 'Shirts', 'product_cat' );");
  await source.query('UPDATE wp_term_taxonomy SET count = 7 WHERE term_taxonomy_id = 1');
  const post = await rowOf(source, 'wp_posts', 'ID = 1');
  const changes = changesOf([
    keyed('wp_posts', 'ID', {
      updates: [
        {
          item: 0,
          key: pick(post, 'ID'),
          before: pick(post, 'post_status', 'post_date_gmt'),
          after: { post_status: 'future', post_date_gmt: '2031-02-03 04:05:06' },
        },
      ],
    }),
  ]);
  const client = writeClient(access, await restoreKey(source));
  await stageChanges(client, { ...changes, recounts: { ...changes.recounts, statuses: [1] } }, { signal: never });
  const told = (): Promise<string> =>
    source.php(
      "wp_cache_flush(); echo gmdate( 'c', wp_next_scheduled( 'publish_future_post', array( 1 ) ) ), ' ', get_term( 1 )->count, ' ', get_term_meta( get_term_by( 'name', 'Shirts', 'product_cat' )->term_id, 'product_count_product_cat', true );",
    );
  const others = await source.query(
    "SELECT COUNT(*) AS n FROM wp_term_relationships r JOIN wp_posts p ON p.ID = r.object_id WHERE r.term_taxonomy_id = 1 AND p.post_status = 'publish' AND p.ID <> 1",
  );
  await applyStaged(client, never);
  // Whoever checks a restore looks at pages.
  await fetch(source.url);
  expect(await told()).toBe(`2031-02-03T04:05:06+00:00 ${Number(others[0]?.['n'])} 0`);
  const kept = await source.query(
    "SELECT option_name AS name FROM wp_options WHERE option_name RLIKE '^_transient_(timeout_)?(wc|product-)' ORDER BY 1",
  );
  expect(kept.map(({ name }) => name)).toEqual(['_transient_timeout_wcx_other', '_transient_wcx_other']);
  await undoApplied(client, undefined, never);
  await fetch(source.url);
  expect(await told()).toMatch(new RegExp(` ${Number(others[0]?.['n']) + 1} 1$`));
  await unlink(shop);
  await source.php("wp_clear_scheduled_hook( 'publish_future_post', array( 1 ) );");
});
