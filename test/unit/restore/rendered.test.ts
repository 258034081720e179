import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isRendering, protectedMeta } from '../../../src/restore/merge/never.ts';
import { recountsFor } from '../../../src/restore/plan/write-changes.ts';
import { keyed, postMeta } from '../../support/restore.ts';

const meta = (owner: string, name: string) => ({ item: 0, owner, name, before: [], after: ['x'] });

it('what was rendered of a post goes when its row or meta data are written, and stays of a new one and of others', () => {
  const tables = [
    keyed('wp_posts', 'ID', {
      updates: [{ item: 0, key: { ID: '12' }, before: { post_title: 'a' }, after: { post_title: 'b' } }],
      inserts: [{ item: 0, row: { ID: '2000' } }],
    }),
    postMeta([meta('12', '_elementor_data'), meta('13', '_elementor_data'), meta('13', 'colour')]),
    { ...postMeta([meta('14', 'colour')]), table: 'wp_termmeta' },
    keyed('wp_forms', 'ID', {
      updates: [{ item: 0, key: { ID: '15' }, before: { body: 'a' }, after: { body: 'b' } }],
    }),
  ];
  expect(recountsFor(tables, [], 'wp_').rendered).toEqual([12, 13]);
});

it('what was rendered stays where it is written itself, or undoing would find something else', () => {
  const tables = [postMeta([meta('12', '_elementor_data'), meta('12', '_elementor_css'), meta('13', 'colour')])];
  expect(recountsFor(tables, [], 'wp_').rendered).toEqual([13]);
});

it('what the site drops is what never travels', () => {
  const settle = join(import.meta.dirname, '../../../templates/migrator/includes/write/settle.php');
  const list = /^const RENDERINGS = array\((.*)\);$/m.exec(readFileSync(settle, 'utf8'))?.[1] ?? '';
  const names = [...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name);
  expect(names).toHaveLength(3);
  expect(names.filter((name) => !isRendering(name) || protectedMeta('postmeta', name) !== 'machine')).toEqual([]);
});
