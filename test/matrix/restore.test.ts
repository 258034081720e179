import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, describe, expect, it } from 'vitest';
import { applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteKey } from '../../src/site/write/signing.ts';
import { startMysql } from '../support/foreign/mysql.ts';
import { foreignPhp } from '../support/foreign/php.ts';
import type { Mariadb } from '../support/mariadb.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { cutOff } from '../support/restore-cuts.ts';
import { fileChange, filesBelow, put, restoreFolders, uploadsOf } from '../support/restore-files.ts';
import { changesOf, keyed, pick, postMeta, restoreKey, rowOf, rowsOf, writeClient } from '../support/restore.ts';
import type { SourceOptions } from '../support/source/options.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';

const forms = (word: string): string =>
  `<?php /* Plugin Name: Forms */ add_action( 'wp_footer', function () { echo '<!-- forms ${word} ' . get_option( 'forms_word' ) . ' -->'; } );`;
const fresh = `<?php /* Plugin Name: Fresh */ register_activation_hook( __FILE__, function () { update_option( 'fresh_hook', 'ran' ); } );`;

/** In its bytes, as cells are. */
const TITLE = Buffer.from('Grüße ✓').toString('latin1');

const stops: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
});

/** Everything that PHP has to say about our code is said, as it is on careless hosts. */
const CARELESS = { error_reporting: '32767', display_errors: '1' };

async function site(options: SourceOptions): Promise<{ source: Source; access: SourceAccess }> {
  const source = await startSource({ ...options, plugins: { 'forms/forms.php': forms('old') }, ini: CARELESS });
  stops.push(() => source.stop());
  await source.php(`update_option( 'forms_word', 'live' ); wp_mkdir_p( wp_upload_dir()["basedir"] );`);
  put(uploadsOf(source), 'made/a.jpg', 'as it was');
  return { source, access: await installMigrator(source) };
}

async function visit(source: Source): Promise<string> {
  const { statusCode, body } = await request(`${source.url}/`);
  const page = `${statusCode} ${/<!-- forms (.*?) -->/.exec(await body.text())?.[1] ?? 'nothing'}`;
  // Where a machine is so busy that it takes longer than anybody is to wait, WordPress's own page says so.
  return page.startsWith('503') ? visit(source) : page;
}

/** What a restore writes, as a person would see it. */
async function seen(source: Source): Promise<object> {
  const [post] = await rowsOf(source, 'wp_posts', 'WHERE ID = 1');
  const meta = await rowsOf(source, 'wp_postmeta', "WHERE meta_key = 'made'");
  const active = await source.php("echo implode( ' ', get_option( 'active_plugins' ) );");
  const { 'forms/forms.php': code, ...others } = filesBelow(join(source.content, 'plugins'));
  return {
    title: post?.['post_title'],
    meta: meta.map(({ meta_value: value }) => value),
    uploads: filesBelow(uploadsOf(source), 'made'),
    forms: code,
    isFreshThere: 'fresh/fresh.php' in others,
    isFreshActive: active.includes('fresh/fresh.php'),
    page: await visit(source),
  };
}

async function staged({ source, access }: { source: Source; access: SourceAccess }): Promise<WriteKey> {
  const www = makeTemp('matrix-restore');
  const key = await restoreKey(source);
  const option = await rowOf(source, 'wp_options', "option_name = 'forms_word'");
  const post = await rowOf(source, 'wp_posts', 'ID = 1');
  const tables = [
    keyed('wp_options', 'option_id', {
      updates: [
        {
          item: 0,
          key: pick(option, 'option_id'),
          before: pick(option, 'option_value'),
          after: { option_value: 'clone' },
        },
      ],
    }),
    keyed('wp_posts', 'ID', {
      updates: [{ item: 1, key: { ID: '1' }, before: pick(post, 'post_title'), after: { post_title: TITLE } }],
    }),
    postMeta([{ item: 1, owner: '1', name: 'made', before: [], after: ['one', 'two'] }]),
  ];
  const items = [
    { id: 'plugin:forms', title: 'Forms' },
    { id: 'post:1', title: 'Post' },
  ];
  const changes = {
    ...changesOf(tables, items),
    files: [
      fileChange(0, 'plugins:forms/forms.php', forms('old'), forms('new'), www),
      fileChange(0, 'plugins:fresh/fresh.php', null, fresh, www),
      fileChange(1, 'made/a.jpg', 'as it was', 'of the clone', www),
      fileChange(1, 'made/new/b.jpg', null, 'new', www),
    ],
    plugins: [{ item: 0, file: 'fresh/fresh.php', active: true }],
  };
  await stageChanges(writeClient(access, key), changes, { www, signal: never });
  return key;
}

/** A restore with all that there is: cut off and healed at the gate, written, and taken back. What PHP had to say about our code. */
async function restoreAndUndo(made: { source: Source; access: SourceAccess }): Promise<string[]> {
  const { source, access } = made;
  const before = await seen(source);
  const key = await staged(made);
  expect(await cutOff(source, key.restore, 'apply', 'applied')).toBe(true);
  expect(existsSync(join(source.path, '.maintenance'))).toBe(true);
  expect(await visit(source)).toBe('200 old live');
  await source.query("DELETE FROM wp_options WHERE option_name = 'core_updater.lock'"); // As after a minute.
  expect((await writeClient(access, key).status(false, never)).state).toBe('sealed');
  expect(await seen(source)).toEqual(before);
  const receipt = await applyStaged(writeClient(access, key), never);
  expect(receipt.applied).toMatchObject({
    files: 4,
    gateMilliseconds: expect.any(Number),
    heldMilliseconds: expect.any(Number),
  });
  await visit(source);
  expect(await seen(source)).toEqual({
    title: TITLE,
    meta: ['one', 'two'],
    uploads: { 'made/a.jpg': 'of the clone', 'made/new/b.jpg': 'new' },
    forms: forms('new'),
    isFreshThere: true,
    isFreshActive: true,
    page: '200 new clone',
  });
  expect(await rowsOf(source, 'wp_options', "WHERE option_name = 'fresh_hook'")).toMatchObject([
    { option_value: 'ran' },
  ]);
  const undone = await undoApplied(writeClient(access, key), undefined, never);
  expect(undone).toMatchObject({ state: 'undone', kept: [] });
  expect(await seen(source)).toEqual(before);
  expect(restoreFolders(source)).toEqual([]);
  expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone\\_rst%'")).toEqual([]);
  const log = existsSync(join(source.logs, 'php.log')) ? readFileSync(join(source.logs, 'php.log'), 'utf8') : '';
  return log.split('\n').filter((line) => line.includes('wpclone'));
}

describe.each(['7.4', '8.4'] as const)('a site on PHP %s', (version) => {
  it('is written to and healed at the gate, without a word of complaint from its PHP', async () => {
    expect(await restoreAndUndo(await site({ php: await foreignPhp(version) }))).toEqual([]);
  });
});

it('a site on Oracle’s MySQL is written to and healed as well, and drift is found there', async () => {
  const mysql: Mariadb = await startMysql();
  stops.push(() => mysql.stop());
  const made = await site({ mariadb: mysql });
  expect(await restoreAndUndo(made)).toEqual([]);
  const key = await staged(made);
  await made.source.query("UPDATE wp_posts SET post_title = 'Edited' WHERE ID = 1");
  await expect(applyStaged(writeClient(made.access, key), never)).rejects.toMatchObject({ code: 'DRIFT' });
  await writeClient(made.access, key).finish(never);
});
