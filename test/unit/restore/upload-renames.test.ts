import { expect, it } from 'vitest';
import type { PlanUpload } from '../../../src/restore/plan/schema.ts';
import { renamedTables, renamedUploads, renamesOf, type Occupied } from '../../../src/restore/plan/upload-renames.ts';
import type { Row, TableDifferences, Versions } from '../../../src/restore/merge/types.ts';
import { digest, upload } from '../../support/planned-upload.ts';

const TAKEN: Partial<PlanUpload> = {
  live: digest('b'),
  conflict: { code: 'NAME_TAKEN', message: 'taken', take: null },
};

function table(name: string, columns: readonly string[], rows: readonly Versions[]): TableDifferences {
  return { name: `wp_${name}`, prefix: 'wp_', columns, key: ['id'], counter: null, common: null, rows };
}
const META = ['id', 'post_id', 'meta_key', 'meta_value'];
const attached = (post: string, path: string): Versions => ({ clone: ['1', post, '_wp_attached_file', path] });
const occupied = (there: Record<string, string>, here: readonly string[] = []): Occupied => ({
  here: (place) => here.includes(place.replace('wp-content/uploads/', '')),
  there: (place) => Promise.resolve(there[place.replace('wp-content/uploads/', '')]),
});
const value = (tables: readonly TableDifferences[], name: string, at: number): unknown =>
  tables.find((each) => each.name === `wp_${name}`)?.rows[at]?.clone?.at(-1);

it('finds the first name that none of an attachment’s files has to share', async () => {
  const files = [upload('5/a.jpg', TAKEN), upload('5/a-300x200.jpg'), upload('5/ab.jpg')];
  const tables = [table('postmeta', META, [attached('9', '5/a.jpg')])];
  const there = { '5/a-1.jpg': digest('b'), '5/a-3.jpg': digest('a') };
  const known = occupied(there, ['5/a-2-300x200.jpg']);
  const renames = await renamesOf(files, tables, { decisions: {} }, known);
  expect(renames.map(({ stem, suffix }) => [stem, suffix])).toEqual([['5/a', '-3']]);
  const renamed = await renamedUploads(files, renames, known);
  // Number 3 is there already, as it shall be.
  expect(renamed.map(({ id, was, place, conflict }) => [id, was, place, conflict])).toEqual([
    ['upload:5/a-3-300x200.jpg', '5/a-300x200.jpg', 'wp-content/uploads/5/a-300x200.jpg', undefined],
    ['upload:5/ab.jpg', undefined, 'wp-content/uploads/5/ab.jpg', undefined],
  ]);
});

it('renames nothing of an attachment that the live site has too, that was left out, or that somebody decided about', async () => {
  const files = [upload('5/a.jpg', TAKEN)];
  const old: Versions = { ...attached('9', '5/a.jpg'), base: ['1', '9', '_wp_attached_file', '5/a.jpg'] };
  const left = { ...upload('5/a.jpg', TAKEN), unchosen: true as const };
  const tables = [table('postmeta', META, [attached('9', '5/a.jpg')])];
  const free = occupied({});
  for (const renames of [
    await renamesOf(files, [table('postmeta', META, [old])], { decisions: {} }, free),
    await renamesOf([left], tables, { decisions: {} }, free),
    await renamesOf([left], tables, { decisions: {} }, free, (post) => post === '8'),
    await renamesOf(files, tables, { decisions: { 'upload:5/a.jpg': 'clone' } }, free),
    await renamesOf([upload('5/a.jpg')], tables, { decisions: {} }, free),
  ])
    expect(renames).toEqual([]);
  expect(await renamesOf([left], tables, { decisions: {} }, free, (post) => post === '9')).toHaveLength(1);
});

it('writes the new name wherever the clone wrote the old one, and nowhere else', async () => {
  const text = (words: string, base?: string): Versions => {
    const row = (cell: string): Row => ['1', cell];
    return { clone: row(words), ...(base === undefined ? {} : { base: row(base), live: row(base) }) };
  };
  const path = '5/ü.jpg';
  const stored = Buffer.from(path, 'utf8').toString('latin1');
  const short = Buffer.from('ü', 'utf8').toString('latin1');
  const metadata = `a:2:{s:4:"file";s:${stored.length}:"${stored}";s:5:"sizes";a:1:{s:1:"m";a:1:{s:4:"file";s:${10 + short.length}:"${short}-30x20.jpg";}}}`;
  const tables = [
    table('postmeta', META, [
      attached('9', stored),
      { clone: ['2', '9', '_wp_attachment_metadata', metadata] },
      { clone: ['3', '8', 'note', `"${short}.jpg"`] },
    ]),
    table('posts', ['ID', 'post_name'], [{ clone: ['9', 'u'] }, { clone: ['8', 'u'] }]),
    table(
      'options',
      ['id', 'value'],
      [
        text(`{"src":"http:\\/\\/a.test\\/5\\/${short}-30x20.jpg"} x5/${short}.jpg 5/${short}.png 5%2F${short}.jpg`),
        text(`5/${short}.jpg`, `5/${short}.jpg`),
      ],
    ),
  ];
  const renames = await renamesOf(
    [upload(path, TAKEN), upload('5/ü-30x20.jpg')],
    tables,
    { decisions: {} },
    occupied({}),
  );
  const renamed = renamedTables(tables, renames, new WeakMap());
  expect(value(renamed, 'postmeta', 0)).toBe(`5/${short}-1.jpg`);
  expect(value(renamed, 'postmeta', 1)).toBe(
    `a:2:{s:4:"file";s:${stored.length + 2}:"5/${short}-1.jpg";s:5:"sizes";a:1:{s:1:"m";a:1:{s:4:"file";s:${12 + short.length}:"${short}-1-30x20.jpg";}}}`,
  );
  expect(value(renamed, 'postmeta', 2)).toBe(`"${short}.jpg"`);
  expect([value(renamed, 'posts', 0), value(renamed, 'posts', 1)]).toEqual(['u-1', 'u']);
  expect(value(renamed, 'options', 0)).toBe(
    `{"src":"http:\\/\\/a.test\\/5\\/${short}-1-30x20.jpg"} x5/${short}.jpg 5/${short}.png 5%2F${short}-1.jpg`,
  );
  expect(value(renamed, 'options', 1)).toBe(`5/${short}.jpg`);
});
