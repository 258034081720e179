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

it('what an order of the clone’s own took from a product’s stock stays with the order; what somebody wrote goes', () => {
  const shop = (stock: string, orders: Site = {}, soldOut: Site['term_relationships'] = []): Site => ({
    posts: [page({ post_type: 'product' })],
    postmeta: [meta('1', '2', '_stock', stock), meta('2', '2', '_price', orders['wc_order_stats'] ? '12' : '10')],
    wc_product_meta_lookup: [
      { product_id: '2', min_price: orders['wc_order_stats'] ? '12' : '10', stock_quantity: stock, total_sales: '0' },
    ],
    terms: [{ term_id: '5', name: 'outofstock', slug: 'outofstock' }],
    term_taxonomy: [{ term_taxonomy_id: '6', term_id: '5', taxonomy: 'product_visibility', parent: '0', count: '0' }],
    term_relationships: soldOut,
    ...orders,
  });
  const order = {
    woocommerce_order_items: [{ order_item_id: '8', order_id: '1001', order_item_name: 'About' }],
    woocommerce_order_itemmeta: [meta('1', '8', '_product_id', '2')].map(({ meta_id, meta_key, meta_value }) => ({
      meta_id,
      order_item_id: '8',
      meta_key,
      meta_value,
    })),
    wc_order_stats: [{ order_id: '1001', total_sales: '1' }],
  };
  const relation = [{ object_id: '2', term_taxonomy_id: '6', term_order: '0' }];
  const tried = outcomes(shop('1'), shop('1'), shop('0', order, relation));
  expect(written(tried, 'postmeta')).toEqual([meta('2', '2', '_price', '12')]);
  expect(written(tried, 'term_relationships')).toEqual([]);
  expect(written(tried, 'wc_product_meta_lookup')).toMatchObject([{ min_price: '12', stock_quantity: '1' }]);
  expect(tried.map(({ kept }) => kept)).toContainEqual({ code: 'PROTECTED', class: 'orders' });
  const named = outcomes(shop('1'), shop('1'), shop('0', order), { include: new Set<Protection>(['orders']) });
  expect(written(named, 'postmeta')).toHaveLength(2);
  expect(written(named, 'wc_product_meta_lookup')).toMatchObject([{ stock_quantity: '0' }]);
  expect(written(outcomes(shop('1'), shop('1'), shop('5')), 'postmeta')).toEqual([meta('1', '2', '_stock', '5')]);
});

it('an order that is a post is one thing with what is told of it elsewhere', () => {
  const order: Site = {
    posts: [page({ ID: '1001', post_type: 'shop_order', post_title: 'Order', post_name: 'order' })],
    wc_order_stats: [{ order_id: '1001', total_sales: '1' }],
  };
  expect(briefly(outcomes({}, {}, order))).toEqual({ 'shop_order:1001': { code: 'PROTECTED', class: 'orders' } });
});

it('what a shop counts, a builder has rendered for all pages, and times that code notes are nobody’s change', () => {
  const kept = { code: 'PROTECTED', class: 'machine' };
  for (const name of [
    '_elementor_global_css',
    '_elementor_assets_data',
    'elementor_atomic_cache_validity__base',
    'litespeed.optimize.timestamp_purge_css',
    'wc_facebook_background_product_sync_job_ff488efcc2dbd9d009c55d75e0b63bd2',
  ])
    expect(briefly(outcomes({}, {}, { options: [option(name, '1795861200')] }))).toEqual({ [`option:${name}`]: kept });
  expect(briefly(outcomes({}, {}, { options: [option('elementor_log', 'a:1:{i:0;s:1:"x";}')] }))).toEqual({
    'option:elementor_log': kept,
  });
  for (const name of ['enable_log', 'show_timestamp'])
    expect(briefly(outcomes({}, {}, { options: [option(name, 'yes')] }))).toEqual({ [`option:${name}`]: 'new' });
  const term = (count: string): Site => ({
    terms: [{ term_id: '5', name: 'Shirts', slug: 'shirts' }],
    termmeta: [{ meta_id: '1', term_id: '5', meta_key: 'product_count_product_cat', meta_value: count }],
  });
  expect(briefly(outcomes(term('1'), term('2'), term('3')))).toEqual({ 'term:5': kept });
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
