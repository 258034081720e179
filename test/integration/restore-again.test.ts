import { readFileSync } from 'node:fs';
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
  source = await startSource({ posts: 3 });
  site = await makeRestorable(source, 'again');
});
afterAll(async () => {
  await site.close();
  await source.stop();
});

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

it('a clone that was reset brings nothing, and takes back nothing of what it brought', async () => {
  await site.clone.instance.operations.reset(undefined, instanceContext());
  expect(await site.plan()).toMatchObject({ changes: 0, conflicts: 0 });
});
