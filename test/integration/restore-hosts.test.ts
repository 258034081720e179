import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { HostFacts } from '../../src/site/write/answers.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { installMigrator, never, testClient } from '../support/migrator.ts';
import { fileChange } from '../support/restore-files.ts';
import { changesOf, keyed, pick, restoreKey, rowOf, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf } from '../support/work.ts';

const forms = (word: string): string =>
  `<?php /* Plugin Name: Forms */ add_action( 'wp_footer', function () { echo '<!-- forms ${word} ' . get_option( 'forms_word' ) . ' -->'; } );`;

/** An object cache that outlives requests, as Redis does: what was read once is not asked of the database again. */
const objectCache = (flush: string): string => `<?php
class Kept { public $all; public $file;
  function __construct() { $this->file = WP_CONTENT_DIR . '/kept-cache'; $this->load(); }
  function load() { $this->all = is_file( $this->file ) ? unserialize( file_get_contents( $this->file ) ) : array(); }
  function save() { file_put_contents( $this->file, serialize( $this->all ), LOCK_EX ); } }
function wp_cache_init() { $GLOBALS['kept'] = new Kept(); }
function wp_cache_get( $key, $group = '', $force = false, &$found = null ) { $at = ( $group ?: 'default' ) . ':' . $key; if ( $force ) { $GLOBALS['kept']->load(); } $found = array_key_exists( $at, $GLOBALS['kept']->all ); return $found ? $GLOBALS['kept']->all[ $at ] : false; }
function wp_cache_get_multiple( $keys, $group = '', $force = false ) { $out = array(); foreach ( $keys as $key ) { $out[ $key ] = wp_cache_get( $key, $group, $force ); } return $out; }
function wp_cache_set( $key, $value, $group = '', $expire = 0 ) { $GLOBALS['kept']->all[ ( $group ?: 'default' ) . ':' . $key ] = $value; $GLOBALS['kept']->save(); return true; }
function wp_cache_set_multiple( $data, $group = '', $expire = 0 ) { foreach ( $data as $key => $value ) { wp_cache_set( $key, $value, $group ); } return array_fill_keys( array_keys( $data ), true ); }
function wp_cache_add( $key, $value, $group = '', $expire = 0 ) { wp_cache_get( $key, $group, false, $found ); return ! $found && wp_cache_set( $key, $value, $group ); }
function wp_cache_add_multiple( $data, $group = '', $expire = 0 ) { return array_map( function ( $key ) use ( $data, $group ) { return wp_cache_add( $key, $data[ $key ], $group ); }, array_combine( array_keys( $data ), array_keys( $data ) ) ); }
function wp_cache_replace( $key, $value, $group = '', $expire = 0 ) { wp_cache_get( $key, $group, false, $found ); return $found && wp_cache_set( $key, $value, $group ); }
function wp_cache_delete( $key, $group = '' ) { unset( $GLOBALS['kept']->all[ ( $group ?: 'default' ) . ':' . $key ] ); $GLOBALS['kept']->save(); return true; }
function wp_cache_delete_multiple( $keys, $group = '' ) { foreach ( $keys as $key ) { wp_cache_delete( $key, $group ); } return array_fill_keys( $keys, true ); }
function wp_cache_incr( $key, $by = 1, $group = '' ) { $to = (int) wp_cache_get( $key, $group ) + $by; wp_cache_set( $key, $to, $group ); return $to; }
function wp_cache_decr( $key, $by = 1, $group = '' ) { return wp_cache_incr( $key, -$by, $group ); }
function wp_cache_flush() { ${flush} return true; }
function wp_cache_close() { return true; }
function wp_cache_add_global_groups( $groups ) {}
function wp_cache_add_non_persistent_groups( $groups ) {}
function wp_cache_switch_to_blog( $id ) {}
function wp_cache_supports( $feature ) { return false; }
`;

let source: Source;
let access: SourceAccess;
let www: string;

beforeAll(async () => {
  // PHP does not look whether a file has changed that it has compiled.
  source = await startSource({
    plugins: { 'forms/forms.php': forms('old') },
    ini: { 'opcache.validate_timestamps': '0' },
  });
  await source.php(`update_option( 'forms_word', 'live' ); wp_mkdir_p( wp_upload_dir()["basedir"] );`);
  access = await installMigrator(source);
  www = makeTemp('restore-hosts');
  keepObjects("$GLOBALS['kept']->all = array(); $GLOBALS['kept']->save();");
});
afterAll(() => source.stop());

function keepObjects(flush: string): void {
  writeFileSync(join(source.content, 'object-cache.php'), objectCache(flush));
}

async function visit(): Promise<string> {
  const { statusCode, body } = await request(`${source.url}/`);
  const page = `${statusCode} ${/<!-- forms (.*?) -->/.exec(await body.text())?.[1] ?? 'nothing'}`;
  return page.startsWith('503') ? visit() : page;
}

async function staged(key: WriteKey): Promise<HostFacts> {
  const row = await rowOf(source, 'wp_options', "option_name = 'forms_word'");
  const before = pick(row, 'option_value');
  const update = { item: 0, key: pick(row, 'option_id'), before, after: { option_value: 'clone' } };
  const changes = {
    ...changesOf([keyed('wp_options', 'option_id', { updates: [update] })], [{ id: 'plugin:forms', title: 'Forms' }]),
    files: [fileChange(0, 'plugins:forms/forms.php', forms('old'), forms('new'), www)],
  };
  return stageChanges(writeClient(access, key), changes, { www, signal: never });
}

it('shows the new text and the new code where PHP never looks at a file again and objects are kept beside the database', async () => {
  expect([await visit(), await visit()]).toEqual(['200 old live', '200 old live']);
  const key = await restoreKey(source);
  expect((await staged(key)).objectCache).toBe('flushes');
  await applyStaged(writeClient(access, key), never);
  expect([await visit(), await visit()]).toEqual(['200 new clone', '200 new clone']);
  await undoApplied(writeClient(access, key), undefined, never);
  expect(await visit()).toBe('200 old live');
});

it('lets nobody in to the new rows as long as what is kept beside the database is old', async () => {
  expect(await visit()).toBe('200 old live');
  const key = await restoreKey(source);
  const client = writeClient(access, key);
  await staged(key);
  await client.apply(never);
  // Nothing was settled yet.
  expect(await visit()).toBe('200 new clone');
  await undoApplied(client, undefined, never);
  expect(await visit()).toBe('200 old live');
});

it('is not written to where such a cache cannot be emptied: pages would go on showing what was replaced', async () => {
  keepObjects('');
  await source.restart();
  const key = await restoreKey(source);
  const failure = await failureOf(staged(key));
  expect([failure.code, failure.message]).toEqual(['RESTORE_IMPOSSIBLE', expect.stringContaining('object cache')]);
  await writeClient(access, key).finish(never);
  expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone\\_rst%'")).toEqual([]);
});

it('says whether a host takes names for one that differ by case only, which needs nothing to be written', async () => {
  expect((await testClient(access).info(never)).writes?.folds).toBe(false);
  // No file system of this machine does: its answer is put in the place of PHP's.
  const folding = `eval( 'namespace Wpclone\\Migrator; function file_exists( $path ) { return \\file_exists( dirname( $path ) . "/" . strtolower( basename( $path ) ) ); }' );`;
  const said = await source.php(
    `${folding} require_once WP_PLUGIN_DIR . '/wpclone-migrator/includes/info.php'; var_dump( Wpclone\\Migrator\\folds_names( WP_CONTENT_DIR ) );`,
  );
  expect(said).toContain('bool(true)');
});
