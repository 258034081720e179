import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Plan } from '../../src/restore/plan/schema.ts';
import { undoApplied } from '../../src/restore/write/write.ts';
import { instanceContext } from '../support/copied-clone.ts';
import { never, pair } from '../support/migrator.ts';
import { fatesOf, makeRestorable, type Restorable } from '../support/restorable.ts';
import { put } from '../support/restore-files.ts';
import { optionOf, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';

let source: Source;
let site: Restorable;
beforeAll(async () => {
  source = await startSource({ posts: 3, plugins: { 'tool/tool.php': tool('1.0') } });
  await switchTool(source, false);
  site = await makeRestorable(source, 'again');
  lastAsked = join(source.path, 'last-asked');
  notes = join(site.home.paths(site.id).baseline, 'origin/brought.json');
  put(
    source.content,
    'mu-plugins/seen.php',
    `<?php isset( $_POST['wpclone'] ) && file_put_contents( '${lastAsked}', (string) ( 1000 * microtime( true ) ) );`,
  );
});
afterAll(async () => {
  await site.close();
  await source.stop();
});

const tool = (version: string): string => `<?php /* Plugin Name: Tool\n * Version: ${version} */`;
const TOOL = 'tool/tool.php';
const switchTool = (at: { readonly php: (code: string) => Promise<string> }, on: boolean): Promise<string> =>
  at.php(
    `$on = array_diff( get_option( 'active_plugins' ), array( '${TOOL}' ) ); update_option( 'active_plugins', array_values( ${on ? `array_merge( $on, array( '${TOOL}' ) )` : '$on'} ) );`,
  );
/** Says when the site was last asked for something; what was brought is noted beside the clone. */
let lastAsked: string;
let notes: string;

const STYLE = 'wp-content/themes/paper/style.css';
const LEAF = 'wp-content/uploads/2031/05/leaf.txt';
let page: string;

/** One edit of a page, a setting, a page that is new, a theme's file and an upload. */
async function edit(word: string): Promise<void> {
  page ??= await site.php(
    `echo wp_insert_post( array( 'post_type' => 'page', 'post_title' => 'New', 'post_status' => 'publish' ) );`,
  );
  await site.php(
    `wp_update_post( array( 'ID' => 2, 'post_content' => 'Text ${word}' ) ); update_option( 'blogname', '${word}' );
     wp_update_post( array( 'ID' => ${page}, 'post_title' => '${word}', 'post_name' => '${word}' ) ); update_post_meta( ${page}, 'color', '${word}' );`,
  );
  put(site.www, STYLE, `/* Theme Name: Paper ${word} */`);
  put(site.www, LEAF, `leaf ${word}`);
}

const fates = ({ items, code, uploads }: Plan): Record<string, string> =>
  fatesOf([...items, ...code, ...uploads].filter(({ kept }) => !kept));

const shown = async (): Promise<unknown> => {
  const said = await source.php(
    `echo wp_json_encode( array( get_post( 2 )->post_content, get_post( 2 )->post_excerpt, get_the_title( ${page} ), get_post_meta( ${page}, 'color' ) ) );`,
  );
  const file = (place: string): string => readFileSync(join(source.path, place), 'utf8');
  return [...JSON.parse(said), await optionOf(source, 'blogname'), file(STYLE), file(LEAF)];
};
const seen = (word: string, excerpt: string): unknown[] => [
  `Text ${word}`,
  excerpt,
  word,
  [word],
  word,
  `/* Theme Name: Paper ${word} */`,
  `leaf ${word}`,
];

it('what is edited in a clone after a restore goes with the next one, and what the live site did in between stays', async () => {
  await edit('First');
  await site.apply(await site.plan());
  // Whoever is cut off from here on cannot note it any more.
  expect(statSync(notes).mtimeMs).toBeLessThan(Number(readFileSync(lastAsked, 'utf8')));
  expect(await shown()).toEqual(seen('First', ''));
  expect(await site.plan()).toMatchObject({ changes: 0, conflicts: 0, meanwhile: [] });

  await edit('Second');
  await source.query("UPDATE wp_posts SET post_title = 'Of the live site' WHERE ID = 3");
  const plan = await site.plan();
  const changed = ['page:2', 'option:blogname', `page:${page}`, 'theme:paper', 'upload:2031/05/leaf.txt'];
  expect(fates(plan)).toEqual(Object.fromEntries(changed.map((id) => [id, 'changed'])));
  const second = await site.apply(plan);
  expect(await shown()).toEqual(seen('Second', ''));
  expect(await source.query('SELECT post_title AS t FROM wp_posts WHERE ID = 3')).toEqual([{ t: 'Of the live site' }]);

  // An undo leads back to what the first one brought, from where the same goes again.
  expect(await undoApplied(writeClient(await pair(source), second.key), undefined, never)).toMatchObject({ kept: [] });
  expect(await shown()).toEqual(seen('First', ''));
  expect(fates(await site.plan())).toEqual(fates(plan));

  // What somebody else wrote there is not the clone's to replace.
  await source.query("UPDATE wp_options SET option_value = 'Theirs' WHERE option_name = 'blogname'");
  expect(fates(await site.plan())).toMatchObject({ 'option:blogname': 'BOTH_CHANGED', 'page:2': 'changed' });
});

it('code and plugins that were brought, and are taken back in the clone, are taken back at the live site', async () => {
  const only = ['plugin', 'theme', 'upload'];
  const at = join(site.www, 'wp-content/plugins');
  const isOn = async (): Promise<boolean> => String(await optionOf(source, 'active_plugins')).includes(TOOL);
  put(at, TOOL, tool('2.0'));
  await switchTool(site, true);
  await site.apply(await site.plan({ only }), { only });
  expect([readFileSync(join(source.content, 'plugins', TOOL), 'utf8'), await isOn()]).toEqual([tool('2.0'), true]);
  expect(await site.plan({ only: ['plugin'] })).toMatchObject({ changes: 0, conflicts: 0 });

  put(at, TOOL, tool('1.0'));
  await switchTool(site, false);
  rmSync(join(site.www, LEAF));
  const plan = await site.plan({ only });
  expect(plan.plugins).toEqual({ activate: [], deactivate: [TOOL] });
  const uploaded = 'upload:2031/05/leaf.txt';
  expect(fatesOf([...plan.code, ...plan.uploads])).toEqual({ 'plugin:tool': 'changed', [uploaded]: 'DELETION' });
  await site.apply(plan, { only });
  expect([readFileSync(join(source.content, 'plugins', TOOL), 'utf8'), await isOn()]).toEqual([tool('1.0'), false]);
  const deletions = async () => {
    const { code, uploads } = await site.plan({ only, delete: true });
    return fatesOf([...code, ...uploads]);
  };
  expect(await deletions()).toEqual({ [uploaded]: 'deleted' });
  // What somebody else wrote there since is not the clone's to take back.
  put(source.path, LEAF, 'theirs');
  expect(await deletions()).toEqual({});
});

it('a clone whose notes of earlier restores are damaged says so, and asks once more', async () => {
  writeFileSync(notes, '{"version":1,"parts":[');
  const plan = await site.plan();
  expect(plan.notes).toContainEqual(expect.stringContaining('are damaged. Nothing is lost'));
  expect(fates(plan)).toMatchObject({ 'page:2': 'BOTH_CHANGED' });
});

it('a clone that was reset brings nothing, and takes back nothing of what it brought', async () => {
  await site.clone.instance.operations.reset(undefined, instanceContext());
  expect(await site.plan()).toMatchObject({ changes: 0, conflicts: 0 });
});
