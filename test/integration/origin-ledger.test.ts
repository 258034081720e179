import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readDatabaseOrigin } from '../../src/transfer/origin/database.ts';
import { readFilesOrigin, readLedger, readNoise } from '../../src/transfer/origin/ledger.ts';
import { loadOwnRows } from '../../src/instance/own-rows.ts';
import type { Noise } from '../../src/transfer/origin/schema.ts';
import { instanceContext } from '../support/copied-clone.ts';
import { openTestHome, type TestHome } from '../support/local-runtime.ts';
import { UNSEEN } from '../support/looks.ts';
import { pullClone, type PulledClone } from '../support/pulled-clone.ts';
import { startSource, type Source } from '../support/source/index.ts';

const RESTLESS = `<?php
add_action( 'init', function () {
	global $wpdb;
	update_option( 'restless_visits', (int) get_option( 'restless_visits' ) + 1 );
	delete_option( 'restless_once' );
	add_option( 'restless_new', 'secret-value', '', 'no' );
	update_user_meta( 2, 'restless_seen', microtime() );
	$wpdb->query( "INSERT INTO {$wpdb->prefix}restless_log VALUES (1)" );
	$wpdb->query( "UPDATE {$wpdb->prefix}restless_floats SET f = 0.5, b = b'1' WHERE id = 2" );
} );`;

let source: Source;
let home: TestHome;
let clone: PulledClone;
let baseline: string;

beforeAll(async () => {
  source = await startSource();
  mkdirSync(join(source.content, 'mu-plugins'), { recursive: true });
  writeFileSync(join(source.content, 'advanced-cache.php'), '<?php // Of the host.');
  for (const sql of [
    "INSERT INTO wp_options (option_name, option_value) VALUES ('restless_visits', '1'), ('restless_once', 'x')",
    // The row is there before: two pages that are visited at once would each add one, since WordPress looks first and inserts then.
    "INSERT INTO wp_usermeta (user_id, meta_key, meta_value) VALUES (1, 'session_tokens', 'x'), (2, 'restless_seen', '')",
    'CREATE TABLE wp_restless_log (v int)',
    'CREATE TABLE wp_restless_floats (id int PRIMARY KEY, f float, b bit(9), l varchar(20) CHARACTER SET latin1)',
    "INSERT INTO wp_restless_floats VALUES (1, 0.1, b'101', 'ä'), (2, 0.1, b'0', 'ä\\t'), (3, 16777217, b'1', NULL)",
    'CREATE TABLE wp_quiet (id int PRIMARY KEY)',
  ])
    await source.query(sql);
  home = openTestHome();
  clone = await pullClone(home, source, 'noted');
  ({ baseline } = home.paths('noted'));
  writeFileSync(join(home.paths('noted').www, 'wp-content/mu-plugins/restless.php'), RESTLESS);
  await clone.instance.operations.verify({ ...clone.task, looks: UNSEEN }, instanceContext());
});
afterAll(async () => {
  await home.close();
  await source.stop();
});

it('all that configuring did is in the ledger, and no secret of ours', async () => {
  const ledger = await readLedger(baseline);
  const own = await loadOwnRows(home.paths('noted'));
  expect(ledger?.addedRows).toHaveLength(own.length);
  expect(ledger?.addedRows[0]).toEqual({ table: 'wp_users', key: { ID: own[0]?.values['ID'] } });
  expect(ledger).toMatchObject({
    droppedRows: [{ table: 'wp_usermeta', where: { meta_key: 'session_tokens' } }],
    writtenFiles: ['wp-config.php', 'wp-content/mu-plugins/wpclone-instance.php'],
    setAside: ['wp-content/advanced-cache.php'],
    removedFiles: ['.maintenance'],
  });
  expect(JSON.stringify(ledger)).not.toContain('$P$');
});

it('what was left out stands beside it', async () => {
  const files = await readFilesOrigin(baseline);
  expect(files?.exclude).toContain('wp-content/plugins/wpclone-migrator');
  expect((await readDatabaseOrigin(baseline))?.leftOut.said).toEqual(
    expect.arrayContaining([expect.objectContaining({ code: 'TABLE_WITHOUT_KEY' })]),
  );
});

it('what the site changed by itself is noted row by row, without values and without our own rows', async () => {
  const noise = await readNoise(baseline);
  expect(noise?.unknown).toBeUndefined();
  const table = (name: string): Noise['tables'][number] | undefined => noise?.tables.find((each) => each.name === name);
  const options = table('wp_options')?.rows ?? [];
  const changes = Object.fromEntries(options.map(({ label, change }) => [label, change]));
  expect(changes).toMatchObject({ restless_visits: 'changed', restless_once: 'removed', restless_new: 'added' });
  expect(table('wp_usermeta')?.rows?.map(({ label }) => label)).toEqual(['restless_seen']);
  expect(table('wp_restless_log')).toEqual({ name: 'wp_restless_log', rows: null, more: 0 });
  expect(table('wp_restless_floats')?.rows).toEqual([{ change: 'changed', key: ['2'] }]);
  expect(table('wp_users')).toBeUndefined();
  expect(table('wp_quiet')).toBeUndefined();
  expect(JSON.stringify(noise)).not.toContain('secret-value');
});
