import { describe, expect, it } from 'vitest';
import type { Protection } from '../../../src/restore/merge/never.ts';
import { briefly, meta, option, outcomes, page, written, type Site } from '../../support/three-ways.ts';

it('what orders leave at a product and a coupon stays where they stay; what is new has it', () => {
  const shop = (type: string, key: string, count: string, more: Record<string, string> = {}): Site => ({
    posts: [page({ post_type: type, ...more })],
    postmeta: [meta('1', '2', key, count)],
    wc_product_meta_lookup: [{ product_id: '2', min_price: '1', stock_quantity: '1', total_sales: count }],
  });
  for (const [type, key] of [
    ['product', 'total_sales'],
    ['shop_coupon', 'usage_count'],
  ] as const) {
    const base = shop(type, key, '0');
    const items = outcomes(base, shop(type, key, '3'), shop(type, key, '1', { post_title: 'Other' }));
    expect(items.flatMap(({ writes }) => writes.map(({ part }) => part.table.short))).toEqual(['posts']);
    expect(items.map(({ conflict }) => conflict)).not.toContainEqual(expect.anything());
  }
  const made = outcomes({}, {}, shop('product', 'total_sales', '0'));
  expect(written(made, 'postmeta')).toEqual([meta('1', '2', 'total_sales', '0')]);
});

it('a theme that was switched in the clone and stays there takes no widget out of its place', () => {
  const site = (theme: string, widgets: string): Site => ({
    options: [option('stylesheet', theme), option('sidebars_widgets', widgets, '2')],
  });
  const was = site('one', 'a:1:{s:3:"top";a:1:{i:0;s:6:"text-1";}}');
  const now = site('two', 'a:1:{s:19:"wp_inactive_widgets";a:1:{i:0;s:6:"text-1";}}');
  const kept = { code: 'PROTECTED', class: 'plugins' };
  expect(briefly(outcomes(was, was, now))).toEqual({ 'option:stylesheet': kept, 'option:sidebars_widgets': kept });
  const named = outcomes(was, was, now, { include: new Set<Protection>(['plugins']) });
  expect(briefly(named)).toEqual({ 'option:stylesheet': 'changed', 'option:sidebars_widgets': 'changed' });
  expect(briefly(outcomes(was, site('two', 'a:0:{}'), now))).toEqual({ 'option:sidebars_widgets': 'changed' });
});

describe('a name that the clone gave to something else', () => {
  const [old, made] = [page(), page({ ID: '1000', post_title: 'New', post_content: 'n' })];

  it('is taken while what was deleted there stays', () => {
    const items = outcomes({ posts: [old] }, { posts: [old] }, { posts: [made] });
    expect(briefly(items)).toEqual({
      'page:2': { code: 'DELETION' },
      'page:1000': { code: 'NAME_TAKEN', name: 'about' },
    });
    const both = outcomes({ posts: [old] }, { posts: [old] }, { posts: [made] }, { delete: true });
    expect(briefly(both)).toEqual({ 'page:2': 'deleted', 'page:1000': 'new' });
  });

  it('goes with what gave it away, and not without', () => {
    const [base, clone] = [
      { posts: [old, { ...made, post_name: 'about-new' }] },
      { posts: [{ ...old, post_name: 'about-old' }, made] },
    ];
    expect(briefly(outcomes(base, base, clone))).toEqual({ 'page:2': 'changed', 'page:1000': 'changed' });
    const only = { chooses: ({ id }: { id: string }) => (id === '1000' ? ('named' as const) : ('no' as const)) };
    expect(briefly(outcomes(base, base, clone, only))).toEqual({
      'page:2': { code: 'NOT_CHOSEN' },
      'page:1000': { code: 'NAME_TAKEN', name: 'about' },
    });
  });

  it('is one in the database too: a row that was put in the place of another with a number of its own', () => {
    const rule = (id: string, hits = '0') => ({ id, address: '/old', hits });
    const items = outcomes({ rules: [rule('1')] }, { rules: [rule('1')] }, { rules: [rule('1000', '1')] });
    expect(briefly(items)).toMatchObject({ 'row:rules/1000': { code: 'NAME_TAKEN', name: '/old' } });
    const both = outcomes({}, { rules: [rule('2')] }, { rules: [rule('1000')] });
    expect(briefly(both)).toMatchObject({ 'row:rules/1000': { code: 'NAME_TAKEN', name: '/old' } });
  });
});
