import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Plan } from '../../src/restore/plan/schema.ts';
import { undoApplied } from '../../src/restore/write/write.ts';
import { never, pair } from '../support/migrator.ts';
import { fatesOf, makeRestorable, type Restorable } from '../support/restorable.ts';
import { filesBelow, put, restoreFolders, uploadsOf } from '../support/restore-files.ts';
import { writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { failureOf } from '../support/work.ts';

let source: Source;
let site: Restorable;
let uploads: string;
/** The uploads of the clone. */
let here: string;

/** PHP that makes an attachment of a file of the uploads. */
const attach = (path: string): string =>
  `echo wp_insert_attachment( array( 'post_title' => '${path}', 'post_mime_type' => 'image/jpeg' ), wp_upload_dir()['basedir'] . '/${path}' );`;

beforeAll(async () => {
  source = await startSource();
  await source.php('wp_mkdir_p( wp_upload_dir()["basedir"] );');
  uploads = uploadsOf(source);
  for (const name of ['old', 'both', 'goes', 'orphan']) put(uploads, `2031/01/${name}.jpg`, `${name} as it was`);
  for (const name of ['old', 'both', 'goes']) await source.php(attach(`2031/01/${name}.jpg`));
  put(uploads, 'builder/page.css', `a { background: url(${source.url}/wp-content/uploads/2031/01/old.jpg) }`);
  site = await makeRestorable(source);
  here = join(site.www, 'wp-content/uploads');
}, 180_000);
afterAll(async () => {
  await site.close();
  await source.stop();
});

const apply: Restorable['apply'] = (...words) => site.apply(...words);

const fates = ({ items, uploads: files }: Plan): Record<string, string> =>
  fatesOf([...items, ...files].filter(({ kept }) => kept?.class !== 'machine'));

it('brings a new picture with its row and the page that shows it, and generated text with live addresses', async () => {
  put(here, '2031/02/spring.jpg', 'spring');
  put(here, '2031/01/old.jpg', 'old, brightened');
  const cloneUrl = site.clone.task.cloneUrl;
  put(here, 'builder/page.css', `b { background: url(${cloneUrl}/wp-content/uploads/2031/02/spring.jpg) }`);
  put(here, 'builder/same.html', 'text');
  const id = Number(await site.php(attach('2031/02/spring.jpg')));
  const post = Number(
    await site.php(
      `echo wp_insert_post( array( 'post_title' => 'Spring', 'post_status' => 'publish', 'post_content' => '<img src="' . wp_upload_dir()['baseurl'] . '/2031/02/spring.jpg" class="wp-image-${id}">' ) );`,
    ),
  );
  const plan = await site.plan();
  expect(fates(plan)).toEqual({
    [`attachment:${id}`]: 'new',
    [`post:${post}`]: 'new',
    'upload:2031/01/old.jpg': 'changed',
    'upload:2031/02/spring.jpg': 'new',
    'upload:builder/page.css': 'changed',
    'upload:builder/same.html': 'new',
  });
  const before = filesBelow(uploads);
  const { key, applied } = await apply(plan);
  expect(applied.receipt.applied?.files).toBe(4);
  expect(filesBelow(uploads)).toEqual({
    ...before,
    '2031/02/spring.jpg': 'spring',
    '2031/01/old.jpg': 'old, brightened',
    'builder/page.css': `b { background: url(${source.url}/wp-content/uploads/2031/02/spring.jpg) }`,
    'builder/same.html': 'text',
  });
  const shown = await source.query(`SELECT post_content FROM wp_posts WHERE ID = ${post}`);
  expect(shown).toEqual([
    { post_content: `<img src="${source.url}/wp-content/uploads/2031/02/spring.jpg" class="wp-image-${id}">` },
  ]);
  expect(fates(await site.plan())).toEqual({});
  const undone = await undoApplied(writeClient(await pair(source), key), undefined, never);
  expect(undone).toMatchObject({ state: 'undone', kept: [] });
  expect(filesBelow(uploads)).toEqual(before);
  expect(restoreFolders(source)).toEqual([]);
  expect(fates(await site.plan())).toEqual(fates(plan));
});

it('holds the row of a file that cannot go, and the file of a row that does not', async () => {
  put(here, '2031/02/shell.php', '<?php');
  const shell = Number(await site.php(attach('2031/02/shell.php')));
  put(here, '2031/01/both.jpg', 'both, here');
  await site.sql("UPDATE wp_posts SET post_excerpt = 'A caption' WHERE post_title = '2031/01/both.jpg'");
  put(uploads, '2031/01/both.jpg', 'both, there');
  put(here, 'builder/link.html', `at ${new URL(site.clone.task.cloneUrl).host}, <a href="${site.www}">`);
  rmSync(join(here, '2031/01/goes.jpg'));
  const both = Number((await source.query("SELECT ID FROM wp_posts WHERE post_title = '2031/01/both.jpg'"))[0]?.['ID']);
  const found = fates(await site.plan({ skip: ['post', 'attachment:*'] }));
  expect(found).toMatchObject({
    'upload:2031/02/spring.jpg': 'NOT_CHOSEN',
    'upload:2031/02/shell.php': 'NOT_WRITABLE',
  });
  expect(fates(await site.plan())).toMatchObject({
    [`attachment:${shell}`]: 'NOT_COMPARABLE',
    'upload:2031/02/shell.php': 'NOT_WRITABLE',
    [`attachment:${both}`]: 'BOTH_CHANGED',
    'upload:2031/01/both.jpg': 'BOTH_CHANGED',
    'upload:builder/link.html': 'ADDRESS',
    'upload:2031/01/goes.jpg': 'DELETION',
  });
});

it('writes nothing of a plan after which a file changed in the clone, and deletes only when asked to', async () => {
  const policy = { take: 'live' as const, skip: ['upload:builder/*', 'attachment:*', 'post'], delete: true };
  rmSync(join(here, '2031/01/orphan.jpg'));
  const plan = await site.plan(policy);
  expect(fates(plan)).toMatchObject({ 'upload:2031/01/orphan.jpg': 'deleted', 'upload:2031/01/goes.jpg': 'deleted' });
  put(here, '2031/01/old.jpg', 'old, brighter still');
  expect((await failureOf(apply(plan, policy))).code).toBe('PLAN_OUTDATED');
  const { key } = await apply(await site.plan(policy), policy);
  expect(Object.keys(filesBelow(uploads))).not.toContain('2031/01/orphan.jpg');
  expect(readFileSync(join(uploads, '2031/01/both.jpg'), 'utf8')).toBe('both, there');
  await undoApplied(writeClient(await pair(source), key), undefined, never);
  expect(readFileSync(join(uploads, '2031/01/orphan.jpg'), 'utf8')).toBe('orphan as it was');
});

it('gives a picture another name where the live site has another of that name, everywhere', async () => {
  const sizes = `'sizes' => array( 'medium' => array( 'file' => 'same-300x200.jpg', 'width' => 300 ) ), 'file' => '2031/03/same.jpg'`;
  const make = `$id = wp_insert_attachment( array( 'post_title' => 'Same', 'post_mime_type' => 'image/jpeg' ), wp_upload_dir()['basedir'] . '/2031/03/same.jpg' ); wp_update_attachment_metadata( $id, array( ${sizes} ) ); echo $id;`;
  put(uploads, '2031/03/same.jpg', 'theirs');
  put(uploads, '2031/03/same-300x200.jpg', 'theirs, small');
  await source.php(make);
  put(here, '2031/03/same.jpg', 'ours');
  put(here, '2031/03/same-300x200.jpg', 'ours, small');
  const id = Number(await site.php(make));
  const text = `<img src="' . wp_upload_dir()['baseurl'] . '/2031/03/same-300x200.jpg"> other/2031/03/same.jpg 2031/03/same.png`;
  await site.php(
    `wp_insert_post( array( 'post_title' => 'Shows', 'post_status' => 'publish', 'post_content' => '${text}' ) ); update_option( 'gallery_front', array( 'json' => wp_json_encode( wp_upload_dir()['baseurl'] . '/2031/03/same.jpg' ) ) );`,
  );
  const policy = { only: [`attachment:${id}`, 'upload:2031/03/*', 'post', 'option:gallery_front'] };
  const plan = await site.plan(policy);
  const taken = plan.uploads.filter(({ kept }) => !kept);
  expect(taken.map(({ id: name, was, conflict }) => [name, was, conflict])).toEqual([
    ['upload:2031/03/same-1-300x200.jpg', '2031/03/same-300x200.jpg', undefined],
    ['upload:2031/03/same-1.jpg', '2031/03/same.jpg', undefined],
  ]);
  const { key } = await apply(plan, policy);
  expect(filesBelow(uploads)).toMatchObject({
    '2031/03/same.jpg': 'theirs',
    '2031/03/same-300x200.jpg': 'theirs, small',
    '2031/03/same-1.jpg': 'ours',
    '2031/03/same-1-300x200.jpg': 'ours, small',
  });
  const shown = await source.php(
    `echo wp_json_encode( array( wp_get_attachment_url( ${id} ), wp_get_attachment_image_url( ${id}, 'medium' ), wp_get_attachment_metadata( ${id} ), get_option( 'gallery_front' ), get_page_by_title( 'Shows', OBJECT, 'post' )->post_content ) );`,
  );
  const base = `${source.url}/wp-content/uploads/2031/03`;
  expect(JSON.parse(shown)).toEqual([
    `${base}/same-1.jpg`,
    `${base}/same-1-300x200.jpg`,
    { sizes: { medium: { file: 'same-1-300x200.jpg', width: 300 } }, file: '2031/03/same-1.jpg' },
    { json: JSON.stringify(`${base}/same-1.jpg`).replaceAll('/', '\\/') },
    `<img src="${base}/same-1-300x200.jpg"> other/2031/03/same-1.jpg 2031/03/same.png`,
  ]);
  const again = await site.plan(policy);
  expect([again.items, again.uploads].flat().filter(({ kept }) => !kept)).toEqual([]);
  await undoApplied(writeClient(await pair(source), key), undefined, never);
  expect(Object.keys(filesBelow(uploads)).filter((path) => path.includes('same-1'))).toEqual([]);
});
