import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { FileChange, PluginChange } from '../../src/restore/changes.ts';
import { applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { installMigrator, never, testClient } from '../support/migrator.ts';
import { cutOff } from '../support/restore-cuts.ts';
import { fileChange, filesBelow, put, restoreFolders, sha256 } from '../support/restore-files.ts';
import { changesOf, keyed, pick, restoreKey, rowOf, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf } from '../support/work.ts';

const main = (version: string): string =>
  `<?php /* Plugin Name: Forms */ require __DIR__ . '/part.php'; add_action( 'wp_footer', function () { echo '<!-- forms ${version} ' . forms_part() . ' ' . get_option( 'forms_word' ) . ' -->'; } );`;
const part = (word: string): string => `<?php function forms_part() { return '${word}'; }`;
const OLD = { 'forms/forms.php': main('1.0'), 'forms/part.php': part('old'), 'forms/same.php': '<?php' };

let source: Source;
let access: SourceAccess;
let www: string;
let there: string;

beforeAll(async () => {
  source = await startSource({ plugins: OLD });
  await source.php(`update_option( 'forms_word', 'live' ); wp_mkdir_p( wp_upload_dir()["basedir"] );`);
  access = await installMigrator(source);
  www = makeTemp('restore-gate');
  there = join(source.content, 'plugins');
});
afterAll(() => source.stop());
beforeEach(async () => {
  for (const [path, code] of Object.entries(OLD)) put(there, path, code);
  rmSync(join(there, 'forms/new.php'), { force: true });
  await source.query("UPDATE wp_options SET option_value = 'live' WHERE option_name = 'forms_word'");
});

const maintenance = (): string => join(source.path, '.maintenance');

async function visit(): Promise<string> {
  const { statusCode, body } = await request(`${source.url}/`);
  const line = /<!-- forms (.*?) -->/.exec(await body.text())?.[1] ?? 'nothing';
  return `${statusCode} ${line}`;
}

/** Whoever comes at once, and comes again where the machine is so busy that waiting took too long. */
async function visitors(): Promise<string[]> {
  const patient = async (): Promise<string> => {
    const page = await visit();
    return page.startsWith('503') ? patient() : page;
  };
  return [...new Set(await Promise.all(Array.from({ length: 7 }, patient)))];
}

/** Forms 2.0, or what stands for it, staged with its row. */
async function staged(
  files: Readonly<Record<string, string>> = {},
  plugins: readonly PluginChange[] = [],
): Promise<WriteKey> {
  const key = await restoreKey(source);
  const row = await rowOf(source, 'wp_options', "option_name = 'forms_word'");
  const update = {
    item: 0,
    key: pick(row, 'option_id'),
    before: pick(row, 'option_value'),
    after: { option_value: 'clone' },
  };
  const changed = { 'forms/forms.php': main('2.0'), 'forms/part.php': part('new'), 'forms/new.php': '<?php', ...files };
  const changes = {
    ...changesOf([keyed('wp_options', 'option_id', { updates: [update] })], [{ id: 'plugin:forms', title: 'Forms' }]),
    files: [
      ...Object.entries(changed).map(([path, code]) =>
        change(path, path in OLD ? OLD[path as keyof typeof OLD] : null, code),
      ),
      relied('forms/same.php', '<?php'),
    ],
    plugins,
  };
  await stageChanges(writeClient(access, key), changes, { www, signal: never });
  return key;
}

const change = (path: string, before: string | null, after: string | null): FileChange =>
  fileChange(0, `plugins:${path}`, before, after, www);
const relied = (path: string, content: string): FileChange => ({
  ...change(path, content, content),
  size: 0,
});

it(
  'a visitor after an apply that was killed finds the old or the new plugin with its rows, wherever that was',
  { timeout: 600_000 },
  async () => {
    const ends: string[] = [];
    let closed = 0;
    const key = await staged();
    const stride = Math.max(1, Math.round(9 / Number(process.env['WPCLONE_STRESS'] ?? 1)));
    for (let at = 0; ; at += stride) {
      const wasCut = await cutOff(source, key.restore, 'apply', at);
      closed += wasCut && existsSync(maintenance()) ? 1 : 0;
      const pages = await visitors();
      const { state } = await writeClient(access, key).status(false, never);
      const isDone = state === 'applied';
      expect({ at, state, pages }).toEqual({
        at,
        state,
        pages: [isDone ? '200 2.0 new clone' : '200 1.0 old live'],
      });
      ends.push(state);
      if (isDone) break;
      expect([at, wasCut, existsSync(maintenance())]).toEqual([at, true, false]);
    }
    expect(ends.slice(0, -1).every((state) => state === 'sealed')).toBe(true);
    // It was killed while visitors were waiting too, not only before.
    expect(closed).toBeGreaterThan(1);
    for (let at = 0; ; at += stride) {
      await cutOff(source, key.restore, 'undo', at);
      const pages = await visitors();
      const { state } = await writeClient(access, key).status(false, never);
      expect({ at, state, pages }).toEqual({
        at,
        state,
        pages: [state === 'undone' ? '200 1.0 old live' : '200 2.0 new clone'],
      });
      if (state === 'undone') break;
    }
    await source.query("DELETE FROM wp_options WHERE option_name = 'core_updater.lock'"); // As after a minute.
    await writeClient(access, key).finish(never);
    expect([existsSync(maintenance()), restoreFolders(source)]).toEqual([false, []]);
  },
);

it('what ends every page with an error is taken back all the same', async () => {
  const key = await staged({ 'forms/part.php': '<?php there_is_no_such_function();' });
  const client = writeClient(access, key);
  await applyStaged(client, never);
  expect(await visit()).toBe('500 nothing');
  expect((await undoApplied(client, undefined, never)).state).toBe('undone');
  expect([await visit(), existsSync(maintenance())]).toEqual(['200 1.0 old live', false]);
});

it('a new plugin that ends every page is taken back all the same, and so is one that was only switched on', async () => {
  const dead = "<?php /* Plugin Name: A */ if ( PHP_SAPI !== 'cli' ) { there_is_no_such_function(); }";
  const switched = [{ item: 0, file: 'aaa/aaa.php', active: true }];
  for (const files of [[change('aaa/aaa.php', null, dead)], []]) {
    if (files.length === 0) put(there, 'aaa/aaa.php', dead);
    const key = await restoreKey(source);
    const changes = { ...changesOf([], [{ id: 'plugin:aaa', title: 'A' }]), files, plugins: switched };
    await stageChanges(writeClient(access, key), changes, { www, signal: never });
    await applyStaged(writeClient(access, key), never);
    expect(await visit()).toBe('500 nothing');
    expect((await undoApplied(writeClient(access, key), undefined, never)).state).toBe('undone');
    expect(await visit()).toBe('200 1.0 old live');
  }
  rmSync(join(there, 'aaa'), { recursive: true });
});

it('what ends every page is taken back also when taking it back was cut off before', async () => {
  const key = await staged({
    'forms/part.php': `<?php if ( PHP_SAPI !== 'cli' ) { there_is_no_such_function(); } ${part('new').slice(5)}`,
  });
  await applyStaged(writeClient(access, key), never);
  const note = join(there, 'wpclone-migrator/gate-note.php');
  for (let at = 8; !readFileSync(note, 'utf8').includes('"open":false'); at += 4)
    expect(await cutOff(source, key.restore, 'undo', at)).toBe(true);
  expect(await visitors()).toEqual(['500 nothing']);
  await source.query("DELETE FROM wp_options WHERE option_name = 'core_updater.lock'"); // As after a minute.
  expect((await undoApplied(writeClient(access, key), undefined, never)).state).toBe('undone');
  expect([await visit(), existsSync(maintenance())]).toEqual(['200 1.0 old live', false]);
});

it('visitors wait for what is only new in a plugin too: it may run it at once', async () => {
  const key = await restoreKey(source);
  const files = [change('forms/new.php', null, '<?php')];
  const changes = { ...changesOf([], [{ id: 'plugin:forms', title: 'Forms' }]), files };
  await stageChanges(writeClient(access, key), changes, { www, signal: never });
  expect((await applyStaged(writeClient(access, key), never)).applied?.gateMilliseconds).toBeGreaterThan(0);
  await undoApplied(writeClient(access, key), undefined, never);
});

it('what a plugin does when it is switched on is done once it is loaded, with all that it finds there otherwise', async () => {
  put(
    there,
    'hooked/hooked.php',
    `<?php /* Plugin Name: H */ register_activation_hook( __FILE__, function () { update_option( 'hooked', is_plugin_active( 'hooked/hooked.php' ) ? 'yes' : 'no' ); } );`,
  );
  const on = `$wpdb->query( "UPDATE $wpdb->options SET option_value = '" . serialize( array_merge( get_option( 'active_plugins' ), array( 'hooked/hooked.php' ) ) ) . "' WHERE option_name = 'active_plugins'" ); $wpdb->insert( $wpdb->options, array( 'option_name' => 'wpclone_migrator_new_plugins', 'option_value' => '["hooked\\/hooked.php"]' ) );`;
  // This page began before, and goes on after it.
  await source.php(`global $wpdb; ${on} Wpclone\\Migrator\\welcome_new_plugins();`);
  const hooked = () => source.query("SELECT option_value AS said FROM wp_options WHERE option_name = 'hooked'");
  expect(await hooked()).toEqual([]);
  expect(await visit()).toBe('200 1.0 old live');
  expect(await hooked()).toEqual([{ said: 'yes' }]);
  await source.php(`require_once ABSPATH . 'wp-admin/includes/plugin.php'; deactivate_plugins( 'hooked/hooked.php' );`);
});

it('visitors wait meanwhile and get no error, and the receipt says for how long', async () => {
  const key = await staged();
  const client = writeClient(access, key);
  const over = new AbortController();
  const visitor = async (): Promise<string[]> => {
    const pages: string[] = [];
    while (!over.signal.aborted) pages.push((await visit()).slice(0, 3));
    return pages;
  };
  const all = [visitor(), visitor(), visitor()];
  const receipt = await applyStaged(client, never);
  over.abort();
  // Where a machine is so busy that it takes longer than anybody is to wait, WordPress's own page says so.
  expect((await Promise.all(all)).flat().filter((page) => page !== '200' && page !== '503')).toEqual([]);
  expect(receipt.applied?.gateMilliseconds).toBeGreaterThanOrEqual(200);
  expect(receipt.overtaken).toEqual({ requests: expect.any(Number), failed: 0 });
  expect(await visit()).toBe('200 2.0 new clone');
  await client.leave(never);
  expect(existsSync(maintenance())).toBe(false);
  await undoApplied(writeClient(access, await restoreKey(source, key.restore)), undefined, never);
});

it('refuses by itself what it must not be sent: paths, its own plugin, and code where the host forbids it', async () => {
  symlinkSync(source.content, join(there, 'linked'));
  mkdirSync(join(source.content, 'mu-plugins'), { recursive: true });
  const names = [
    'plugins:../index.php', 'plugins:forms/../../x.php', 'themes:../plugins/x.php', 'plugins:.x/a.php', 'plugins:forms/.htaccess',
    'plugins:wpclone-migrator/x.php', 'plugins:WPClone-Migrator/x.php', 'mu-plugins:wpclone-x.php', 'plugins:forms/wp-config.php',
    'plugins:forms/php.ini', 'plugins:forms/web.config', 'plugins:forms/.user.ini', 'plugins:linked/x.php', 'plugins:forms',
    'plugins:forms/part.php/x.php', 'plugins:a\\b.php', 'plugins:a:b.php', 'plugins:/x.php', 'plugins:', 'core:index.php',
    'content:object-cache.php', 'plugins:forms//x.php', 'plugins:forms/x.php ', 'uploads:x.php',
  ]; // prettier-ignore
  const client = writeClient(access, await restoreKey(source));
  const shape = {
    tables: [],
    files: { count: 1, bytes: 1 },
    recounts: { terms: [], comments: [], rewriteRules: false },
  };
  await client.begin(shape, never);
  for (const path of names)
    expect([path, (await failureOf(client.stage(listed(path), never))).code]).toEqual([path, 'FILES_STAY']);
  const own = { item: 0, file: 'wpclone-migrator/wpclone-migrator.php', active: false };
  expect((await failureOf(client.begin({ ...shape, plugins: [own] }, never))).code).toBe('PROTECTED');
  const forbids = join(source.content, 'mu-plugins/forbids.php');
  writeFileSync(forbids, "<?php add_filter( 'file_mod_allowed', '__return_false' );");
  await client.begin(shape, never);
  const failure = await failureOf(client.stage(listed('plugins:x/x.php'), never));
  expect([failure.code, failure.details['example']]).toEqual(['FILES_STAY', 'plugin:x']);
  const { writes } = await testClient(access).info(never);
  expect(writes?.code?.closed).toMatchObject({ plugins: 'file_mods', themes: 'file_mods' });
  rmSync(forbids);
  chmodSync(source.path, 0o555);
  expect((await testClient(access).info(never)).writes?.code?.closed).toMatchObject({ plugins: 'gate' });
  chmodSync(source.path, 0o755);
  expect((await testClient(access).info(never)).writes?.code).toEqual({
    closed: {},
    stuck: [Buffer.from('plugins:linked').toString('base64')],
  });
  rmSync(join(there, 'linked'));
  await client.finish(never);
});

it('writes nothing of a plugin of which the live site changed any file since, or that is to be switched on and is not there', async () => {
  const key = await staged();
  put(there, 'forms/same.php', '<?php // hot fix');
  const failure = await failureOf(applyStaged(writeClient(access, key), never));
  expect([failure.code, failure.message]).toEqual(['DRIFT', expect.stringContaining('plugins/forms/same.php')]);
  expect([await visit(), existsSync(maintenance())]).toEqual(['200 1.0 old live', false]);
  put(there, 'forms/same.php', '<?php');
  await writeClient(access, key).finish(never);
  const missing = await staged({}, [{ item: 0, file: 'gone/gone.php', active: true }]);
  expect((await failureOf(applyStaged(writeClient(access, missing), never))).code).toBe('FILES_STAY');
  expect([await visit(), existsSync(maintenance())]).toEqual(['200 1.0 old live', false]);
  await writeClient(access, missing).finish(never);
  expect(Object.keys(filesBelow(there)).filter((path) => /forms\/new|gate-note/.test(path))).toEqual([]);
});

it('leaves nothing of the gate when the plugin is deleted, and what it takes to undo stays', async () => {
  const key = await staged();
  await applyStaged(writeClient(access, key), never);
  expect(existsSync(maintenance())).toBe(true);
  const own = 'wpclone-migrator/wpclone-migrator.php';
  const admin =
    "foreach ( array( 'plugin', 'file' ) as $part ) { require_once ABSPATH . \"wp-admin/includes/$part.php\"; }";
  await source.php(`${admin} deactivate_plugins( '${own}' );`);
  const said = await source.php(`${admin} var_dump( delete_plugins( array( '${own}' ) ) );`);
  expect(said).toContain('bool(true)');
  expect([existsSync(maintenance()), existsSync(join(there, 'wpclone-migrator'))]).toEqual([false, false]);
  expect(await visit()).toBe('200 2.0 new clone');
  access = await installMigrator(source);
  await undoApplied(writeClient(access, await restoreKey(source, key.restore)), undefined, never);
  expect(await visit()).toBe('200 1.0 old live');
});

/** The first part of a stage, with a list of one new file. */
function listed(path: string): { part: number; sha256: string; content: string } {
  const bytes = (text: string): string => Buffer.from(text).toString('base64');
  const files = [[1, 0, bytes(path), null, sha256('x'), 1]];
  const content = JSON.stringify({ items: [[0, bytes('plugin:x'), bytes('x')]], rows: [], files });
  return { part: 1, sha256: sha256(content), content };
}
