import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppliedRestore } from '../../src/instance/types.ts';
import { agreedTo } from '../../src/restore/plan/agreed.ts';
import type { Plan, PlanPolicy } from '../../src/restore/plan/schema.ts';
import { newRestoreId } from '../../src/restore/write/id.ts';
import { undoApplied } from '../../src/restore/write/write.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { applyRestoreOf } from '../../src/engine/apply-restore.ts';
import type { WritePort } from '../../src/engine/written.ts';
import { connectToWrite } from '../../src/site/connect/by-login.ts';
import { asAdmin, connectDeps } from '../support/connecting.ts';
import { instanceContext } from '../support/copied-clone.ts';
import { never, pair, testClient } from '../support/migrator.ts';
import { fatesOf, makeRestorable, POLICY, type Restorable } from '../support/restorable.ts';
import { filesBelow, put, restoreFolders } from '../support/restore-files.ts';
import { restoreKey, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { failureOf, workContext } from '../support/work.ts';

let source: Source;
let site: Restorable;
/** Plugins of the live site and of the clone. */
let there: string;
let here: string;

const main = (name: string, version: string): string =>
  `<?php /* Plugin Name: ${name}\n * Version: ${version} */ require __DIR__ . '/part.php'; add_action( 'wp_footer', function () { echo '<!-- ${name} ${version} ' . ${name}_part() . ' ' . get_option( '${name}_word' ) . ' -->'; } );`;
const part = (name: string, word: string): string => `<?php function ${name}_part() { return '${word}'; }`;

beforeAll(async () => {
  source = await startSource({
    plugins: {
      'forms/forms.php': main('forms', '1.0'),
      'forms/part.php': part('forms', 'old'),
      'forms/old.txt': 'goes',
      'forms/same.txt': 'stays',
      'idle/idle.php': main('idle', '1.0'),
      'idle/part.php': part('idle', 'idle'),
    },
  });
  await source.php(`update_option( 'forms_word', 'live' ); wp_mkdir_p( wp_upload_dir()["basedir"] );`);
  site = await makeRestorable(source, 'code');
  there = join(source.content, 'plugins');
  here = join(site.www, 'wp-content/plugins');
  put(here, 'forms/forms.php', main('forms', '2.0'));
  put(here, 'forms/part.php', part('forms', 'new'));
  put(here, 'forms/more/new.php', '<?php');
  rmSync(join(here, 'forms/old.txt'));
  put(
    here,
    'fresh/fresh.php',
    `${main('fresh', '1.0')} register_activation_hook( __FILE__, function () { update_option( 'fresh_hook', 1 + (int) get_option( 'fresh_hook' ) ); } );`,
  );
  put(here, 'fresh/part.php', part('fresh', 'made'));
  put(here, 'fresh/.hidden', 'not code');
  await site.php(
    `update_option( 'forms_word', 'clone' ); $on = get_option( 'active_plugins' ); $on[] = 'fresh/fresh.php'; update_option( 'active_plugins', array_values( array_diff( $on, array( 'idle/idle.php' ) ) ) );`,
  );
}, 180_000);
afterAll(async () => {
  await site.close();
  await source.stop();
});

async function apply(
  plan: Plan,
  policy: Partial<PlanPolicy> = {},
): Promise<{ key: WriteKey; applied: AppliedRestore }> {
  const access = await pair(source);
  const key = await restoreKey(source, newRestoreId(randomBytes));
  const info = await testClient(access).info(never);
  const task = {
    access,
    info,
    kin: 'source' as const,
    policy: { ...POLICY, ...policy },
    version: 'test',
    key,
    agreed: agreedTo(plan),
  };
  return { key, applied: await site.clone.instance.operations.applyRestore(task, instanceContext()) };
}

const undo = async (key: WriteKey) => undoApplied(writeClient(await pair(source), key), undefined, never);

/** What a visitor is shown: each plugin's line at the foot of the front page. */
async function shown(): Promise<{ readonly status: number; readonly lines: string[] }> {
  const { statusCode, body } = await request(`${source.url}/`);
  const text = await body.text();
  return {
    status: statusCode,
    lines: [...text.matchAll(/<!-- ((?:forms|fresh|idle) .*?) -->/g)].map(([, line]) => line ?? ''),
  };
}
const fates = ({ code }: Plan): Record<string, string> => fatesOf(code);
const gate = (): boolean => existsSync(join(source.path, '.maintenance'));

it('brings a changed and a new plugin with their rows, switches them, and takes all of it back', async () => {
  const plan = await site.plan();
  expect(fates(plan)).toEqual({
    'plugin:forms': 'changed',
    'plugin:fresh': 'new',
    'files:wp-content/plugins/fresh/.hidden': 'NOT_WRITABLE',
  });
  expect(plan.plugins).toEqual({ activate: ['fresh/fresh.php'], deactivate: ['idle/idle.php'] });
  const [before, page] = [filesBelow(there), await shown()];
  expect(page).toEqual({ status: 200, lines: ['forms 1.0 old live', 'idle 1.0 idle '] });
  const { key, applied } = await apply(plan);
  expect(applied.receipt.applied).toMatchObject({ files: 6, gateMilliseconds: expect.any(Number) });
  expect(gate()).toBe(true);
  expect(await shown()).toEqual({ status: 200, lines: ['forms 2.0 new clone', 'fresh 1.0 made '] });
  await shown();
  expect(await source.query("SELECT option_value FROM wp_options WHERE option_name = 'fresh_hook'")).toEqual([
    { option_value: '1' },
  ]);
  const { 'fresh/.hidden': _, ...brought } = filesBelow(here);
  expect(
    Object.fromEntries(Object.entries(filesBelow(there)).filter(([path]) => /^(forms|fresh)\//.test(path))),
  ).toEqual(Object.fromEntries(Object.entries(brought).filter(([path]) => /^(forms|fresh)\//.test(path))));
  expect(fates(await site.plan())).toEqual({ 'files:wp-content/plugins/fresh/.hidden': 'NOT_WRITABLE' });
  expect(await undo(key)).toMatchObject({ state: 'undone', kept: [] });
  expect(await shown()).toEqual(page);
  expect(filesBelow(there)).toEqual(before);
  expect([gate(), restoreFolders(source), existsSync(join(there, 'wpclone-migrator/gate-note.php'))]).toEqual([
    false,
    [],
    false,
  ]);
});

it('a plugin that both sides changed is a conflict, and the clone’s is brought whole where that is decided', async () => {
  put(there, 'forms/same.txt', 'hot fix');
  put(there, 'forms/extra.php', '<?php // live');
  expect(fates(await site.plan())).toMatchObject({ 'plugin:forms': 'BOTH_CHANGED' });
  const policy = { take: 'clone' as const };
  const { key } = await apply(await site.plan(policy), policy);
  const files = Object.entries(filesBelow(there)).filter(([path]) => path.startsWith('forms/'));
  expect(Object.fromEntries(files)).toEqual(
    Object.fromEntries(Object.entries(filesBelow(here)).filter(([path]) => path.startsWith('forms/'))),
  );
  await undo(key);
  expect(filesBelow(there)).toMatchObject({ 'forms/same.txt': 'hot fix', 'forms/extra.php': '<?php // live' });
  put(there, 'forms/same.txt', 'stays');
  rmSync(join(there, 'forms/extra.php'));
});

it('a plugin that ends every page is taken back by itself, with what came with it', async () => {
  const [before, page] = [filesBelow(there), await shown()];
  put(here, 'forms/part.php', '<?php there_is_no_such_function();');
  const port: WritePort = { connect: (wanted) => connectToWrite(asAdmin(source), wanted, connectDeps()) };
  const policy = { ...POLICY, only: ['plugin:forms', 'option:forms_word'] };
  const spec = { cloneId: site.id, policy, version: 'test', restore: newRestoreId(randomBytes), agreed: null };
  const error = await failureOf(applyRestoreOf(spec, port, site.home.runtime, workContext()));
  expect([error.code, error.message]).toEqual(['RESTORE_BROKE', expect.stringContaining('the front page')]);
  expect([filesBelow(there), await shown(), gate(), restoreFolders(source)]).toEqual([before, page, false, []]);
  put(here, 'forms/part.php', part('forms', 'new'));
});

it('a plugin that ends a request after its page, which only PHP’s log shows, is taken back by itself', async () => {
  const [before, page] = [filesBelow(there), await shown()];
  const late = `<?php function forms_part() { if ( isset( $_SERVER['REQUEST_URI'] ) ) { register_shutdown_function( function () { canary_of_the_log( 'a password' ); } ); } trigger_error( 'canary', E_USER_WARNING ); return 'late'; }`;
  put(here, 'forms/part.php', late);
  const port: WritePort = { connect: (wanted) => connectToWrite(asAdmin(source), wanted, connectDeps()) };
  const policy = { ...POLICY, only: ['plugin:forms'] };
  const spec = { cloneId: site.id, policy, version: 'test', restore: newRestoreId(randomBytes), agreed: null };
  const error = await failureOf(applyRestoreOf(spec, port, site.home.runtime, workContext()));
  expect([error.code, error.message]).toEqual([
    'RESTORE_BROKE',
    expect.stringContaining('with a fatal error (wp-content/plugins/forms/part.php, line 1), so it was taken back'),
  ]);
  expect(error.message).not.toContain('canary');
  expect([filesBelow(there), await shown(), gate(), restoreFolders(source)]).toEqual([before, page, false, []]);
  put(here, 'forms/part.php', part('forms', 'new'));
});

it('a key that runs out while files are brought is replaced by another log-in, and what is there by then stays', async () => {
  for (const name of ['a', 'b', 'c']) put(here, `forms/${name}.bin`, randomBytes(300_000));
  const runsOut = `<?php
    if ( 0 === strpos( isset( $_POST['wpclone'] ) ? $_POST['wpclone'] : '', 'rst-' ) && ! get_option( 'key_ran_out' ) ) {
      foreach ( $GLOBALS['wpdb']->get_col( "SHOW TABLES LIKE 'wp\\\\_wpclone\\\\_rst%\\\\_f'" ) as $table ) {
        if ( $GLOBALS['wpdb']->get_var( "SELECT COUNT(*) FROM $table WHERE whole = 1 AND size > 200000" ) ) {
          update_option( 'key_ran_out', $GLOBALS['wpdb']->get_var( "SELECT CONCAT(made, shape) FROM wp_wpclone_restores" ) );
          $GLOBALS['wpdb']->query( 'UPDATE wp_wpclone_restores SET keyed = keyed - 3600' );
        }
      }
    }`;
  put(source.content, 'mu-plugins/runs-out.php', runsOut);
  let logIns = 0;
  const port: WritePort = {
    connect: (wanted) => {
      logIns += 1;
      return connectToWrite(asAdmin(source), wanted, connectDeps());
    },
  };
  const policy = { ...POLICY, only: ['plugin:forms'] };
  const spec = { cloneId: site.id, policy, version: 'test', restore: newRestoreId(randomBytes), agreed: null };
  const applied = await applyRestoreOf(spec, port, site.home.runtime, workContext());
  expect([applied.receipt.state, applied.found, logIns]).toEqual(['applied', false, 2]);
  for (const name of ['a', 'b', 'c'])
    expect(readFileSync(join(there, `forms/${name}.bin`)).equals(readFileSync(join(here, `forms/${name}.bin`)))).toBe(
      true,
    );
  // The stage of the first key is the one that was applied: its folder and all.
  expect(
    await source.query(
      "SELECT COUNT(*) AS same FROM wp_wpclone_restores, wp_options WHERE option_name = 'key_ran_out' AND CAST(option_value AS BINARY) = CAST(CONCAT(made, shape) AS BINARY)",
    ),
  ).toEqual([{ same: 1 }]);
  rmSync(join(source.content, 'mu-plugins/runs-out.php'));
  await undo(await restoreKey(source, spec.restore));
  for (const name of ['a', 'b', 'c']) rmSync(join(here, `forms/${name}.bin`));
});

it('an error that begins at the same time in a plugin of which nothing was restored is told of, and nothing is taken back', async () => {
  const cron = `<?php add_action( 'shutdown', function () { if ( file_exists( WP_PLUGIN_DIR . '/forms/more/new.php' ) ) { canary_of_cron(); } }, 999 );`;
  put(source.content, 'mu-plugins/cron.php', cron);
  const port: WritePort = { connect: (wanted) => connectToWrite(asAdmin(source), wanted, connectDeps()) };
  const policy = { ...POLICY, only: ['plugin:forms'] };
  const spec = { cloneId: site.id, policy, version: 'test', restore: newRestoreId(randomBytes), agreed: null };
  const applied = await applyRestoreOf(spec, port, site.home.runtime, workContext());
  expect([applied.receipt.state, applied.differences]).toEqual([
    'applied',
    [
      'PHP of the live site logs 1 fatal error that it did not log before, in nothing that was restored: wp-content/mu-plugins/cron.php, line 1.',
    ],
  ]);
  rmSync(join(source.content, 'mu-plugins/cron.php'));
  await undo(await restoreKey(source, spec.restore));
});

it('an error in WordPress’s own code is that of a restore where what was restored called it, or its settings were', async () => {
  const plugins = join(there, 'wpclone-migrator/includes');
  const restored = {
    code: [join(there, 'forms'), join(source.content, 'mu-plugins/one.php')],
    names: ['shop_lite_currency'],
  };
  const error = (message: string, file: string, ...more: string[]): string[] => [
    `[27-Nov-2026 10:00:00 UTC] PHP Fatal error:  ${message} in ${file}:7`,
    ...more,
  ];
  const core = join(source.path, 'wp-includes/plugin.php');
  const lines = [
    ...error('Uncaught TypeError: one', core, 'Stack trace:', `#0 ${there}/forms/part.php(3): f()`, '#1 {main}'),
    ...error('Allowed memory size of 1 bytes exhausted', join(source.path, 'wp-includes/class-wpdb.php')),
    ...error('Uncaught Error: two', join(there, 'shop-lite/a.php')),
    ...error('Uncaught Error: three', join(there, 'shopper/a.php')),
    ...error('Uncaught Error: four', join(there, 'formsmore/a.php')),
    ...error('Uncaught Error: five', join(source.content, 'mu-plugins/one.php')),
    '[27-Nov-2026 10:00:00 UTC] PHP Fatal error:  Uncaught Error: of several',
    `lines in ${there}/forms/forms.php:1`,
    `  thrown in ${there}/forms/forms.php on line 3`,
  ];
  const found = await source.php(
    `foreach ( array( 'class-refusal', 'write/server', 'write/errors' ) as $part ) { require_once "${plugins}/$part.php"; } foreach ( Wpclone\\Migrator\\new_errors( json_decode( '${JSON.stringify(lines)}' ), 1, 1, json_decode( '${JSON.stringify(restored)}', true ) ) as $error ) { echo basename( base64_decode( $error['file'] ) ), ' ', $error['line'], ' ', $error['restored'] ? 'ours' : 'not ours', "\\n"; }`,
  );
  expect(found.trim().split('\n').toSorted()).toEqual([
    'a.php 7 not ours',
    'a.php 7 not ours',
    'a.php 7 ours',
    'class-wpdb.php 7 not ours',
    'forms.php 3 ours',
    'one.php 7 ours',
    'plugin.php 7 ours',
  ]);
});

it('says beforehand what the host does not let be written, and writes the rows without it only when that is decided', async () => {
  chmodSync(source.path, 0o555);
  const plan = await site.plan();
  expect(fates(plan)).toMatchObject({ 'plugin:forms': 'HOST_FORBIDS', 'plugin:fresh': 'HOST_FORBIDS' });
  expect((await failureOf(apply(plan))).code).toBe('RESTORE_CONFLICTS');
  const policy = { take: 'live' as const };
  const stays = await site.plan(policy);
  expect([fates(stays)['plugin:forms'], stays.plugins.activate]).toEqual(['LIVE_TAKEN', []]);
  const { key } = await apply(stays, policy);
  expect((await shown()).lines).toEqual(['forms 1.0 old clone']);
  await undo(key);
  chmodSync(source.path, 0o755);
});
