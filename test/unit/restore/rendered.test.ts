import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isRendering, protectedMeta, protectedOption } from '../../../src/restore/merge/never.ts';
import { createChangeWriter, recountsFor } from '../../../src/restore/plan/write-changes.ts';
import { keyed, postMeta } from '../../support/restore.ts';
import { option, outcomes } from '../../support/three-ways.ts';

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

it('terms of a post whose status changes are counted anew, and what waits for its time is put down for it', () => {
  const update = (ID: string, column: string, value: string) => ({
    item: 0,
    key: { ID },
    before: { [column]: '' },
    after: { [column]: value },
  });
  const posts = keyed('wp_posts', 'ID', {
    updates: [
      update('12', 'post_status', 'publish'),
      update('13', 'post_title', 'a'),
      update('14', 'post_date_gmt', 'b'),
    ],
    inserts: [
      { item: 0, row: { ID: '2000', post_status: 'future' } },
      { item: 0, row: { ID: '2001', post_status: 'publish' } },
    ],
  });
  expect(recountsFor([posts], [], 'wp_').statuses).toEqual([12, 14, 2000]);
});

it('rules of addresses are made anew with the settings that they are made of, and with no others', () => {
  const rulesFor = (name: string): boolean => {
    const outcome = outcomes(
      { options: [option(name, 'a')] },
      { options: [option(name, 'a')] },
      { options: [option(name, 'b')] },
    );
    return recountsFor(
      [],
      outcome.flatMap(({ writes }) => writes),
      'wp_',
    ).rewriteRules;
  };
  const names = ['permalink_structure', 'category_base', 'woocommerce_permalinks', 'cptui_post_types', 'blogname'];
  expect(names.map(rulesFor)).toEqual([true, true, true, true, false]);
});

it('the place of a term among others is written', () => {
  const relation = (term_order: string) => ({ object_id: '2', term_taxonomy_id: '6', term_order });
  const site = (order: string) => ({ term_relationships: [relation(order)] });
  const writes = outcomes(site('0'), site('0'), site('3')).flatMap((each) => each.writes);
  const writer = createChangeWriter(new WeakMap(), (value) => value);
  for (const write of writes) writer.add(write, 0);
  expect(writer.tables).toEqual([
    {
      kind: 'relations',
      table: 'wp_term_relationships',
      key: ['object_id', 'term_taxonomy_id'],
      updates: [
        {
          item: 0,
          key: { object_id: '2', term_taxonomy_id: '6' },
          before: { term_order: '0' },
          after: { term_order: '3' },
        },
      ],
      add: [],
      remove: [],
    },
  ]);
});

it('what the site drops is what never travels', () => {
  const settle = join(import.meta.dirname, '../../../templates/migrator/includes/write/settle.php');
  const namesOf = (constant: string): string[] => {
    const list =
      new RegExp(`^const ${constant} = array\\((.*)\\);$`, 'm').exec(readFileSync(settle, 'utf8'))?.[1] ?? '';
    return [...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name);
  };
  const names = namesOf('RENDERINGS');
  expect(names).toHaveLength(3);
  expect(names.filter((name) => !isRendering(name) || protectedMeta('postmeta', name) !== 'machine')).toEqual([]);
  const common = namesOf('COMMON_RENDERINGS');
  expect(common).toHaveLength(4);
  expect(common.filter((name) => protectedOption(name, 'wp_') !== 'machine')).toEqual([]);
});
