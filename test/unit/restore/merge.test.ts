import { describe, expect, it } from 'vitest';
import type { Protection } from '../../../src/restore/merge/never.ts';
import { merge } from '../../../src/restore/merge/merge.ts';
import { keyOfItem } from '../../../src/restore/merge/types.ts';
import {
  briefly,
  meta,
  option,
  outcomes,
  page,
  policy,
  threeWays,
  written,
  type Site,
} from '../../support/three-ways.ts';

const admin = { ID: '1', user_login: 'admin', user_email: 'a@a.example', display_name: 'A' };

describe('one thing', () => {
  it('that only the clone changed is taken over; one that only the live site changed stays', () => {
    const base = { posts: [page(), page({ ID: '3', post_name: 'b' })] };
    const live = { posts: [page(), page({ ID: '3', post_name: 'b', post_title: 'Live' })] };
    const clone = { posts: [page({ post_content: 'New' }), page({ ID: '3', post_name: 'b' })] };
    const items = outcomes(base, live, clone);
    expect(briefly(items)).toEqual({ 'page:2': 'changed' });
    expect(written(items, 'posts')).toEqual([page({ post_content: 'New' })]);
  });

  it('that both changed in the same field is a conflict, which a side decides', () => {
    const says = (post_content: string): Site => ({ posts: [page({ post_content })] });
    const [base, live, clone] = [says('a'), says('b'), says('c')];
    expect(briefly(outcomes(base, live, clone))).toEqual({
      'page:2': { code: 'BOTH_CHANGED', fields: ['post_content'] },
    });
    expect(written(outcomes(base, live, clone, { take: 'clone' }), 'posts')).toEqual([page({ post_content: 'c' })]);
    expect(written(outcomes(base, live, clone, { take: 'live' }), 'posts')).toEqual([]);
    const decided = outcomes(base, live, clone, { decisions: new Map([['page:2', 'clone']]) });
    expect(decided[0]?.writes).toHaveLength(1);
    // Only one of them goes.
    expect(decided[0]).toMatchObject({ both: false, over: { code: 'BOTH_CHANGED' } });
  });

  it('that is new on both sides since an earlier restore names what differs without times and addresses of feeds', () => {
    const says = (post_content: string, guid: string): Site => ({
      posts: [
        page({ post_content, guid, post_date: '2026-01-01 00:00:00', post_modified: `2026-01-0${guid} 00:00:00` }),
      ],
    });
    expect(briefly(outcomes({}, says('a', '1'), says('b', '2')))).toEqual({
      'page:2': { code: 'BOTH_CHANGED', fields: ['post_content'] },
    });
  });

  it('that both changed in different fields goes together, and is a conflict for who wants to be strict', () => {
    const live = { posts: [page({ post_title: 'Live' })] };
    const clone = { posts: [page({ post_content: 'Clone' })] };
    const items = outcomes({ posts: [page()] }, live, clone);
    expect(items[0]?.both).toBe(true);
    expect(written(items, 'posts')).toEqual([page({ post_title: 'Live', post_content: 'Clone' })]);
    expect(briefly(outcomes({ posts: [page()] }, live, clone, { strict: true }))).toMatchObject({
      'page:2': { code: 'BOTH_WROTE' },
    });
  });

  it('that both changed alike is no change', () => {
    const edited = { posts: [page({ post_content: 'same', post_modified: '2026-02-02 00:00:00' })] };
    const later = { posts: [page({ post_content: 'same', post_modified: '2026-03-03 00:00:00' })] };
    expect(outcomes({ posts: [page()] }, edited, later)).toEqual([]);
  });

  it('is not changed by times, locks, transients and counts', () => {
    const clone = {
      posts: [page({ post_modified: '2027-01-01 00:00:00', comment_count: '4' })],
      postmeta: [meta('1', '2', '_edit_lock', '1:1')],
      options: [option('_transient_x', 'y'), option('cron', 'a', '2'), option('rewrite_rules', 'a', '3')],
    };
    const items = outcomes({ posts: [page()] }, { posts: [page()] }, clone);
    expect(items.filter(({ kept }) => kept?.code !== 'PROTECTED' || kept.class !== 'machine')).toEqual([]);
    expect(items.flatMap(({ writes }) => writes)).toEqual([]);
  });

  it('is whole: a conflict in one part of it holds all of it', () => {
    const base = { posts: [page()], postmeta: [meta('1', '2', 'color', 'red')] };
    const live = { posts: [page()], postmeta: [meta('1', '2', 'color', 'green')] };
    const clone = { posts: [page({ post_content: 'New' })], postmeta: [meta('1', '2', 'color', 'blue')] };
    const items = outcomes(base, live, clone);
    expect(briefly(items)).toEqual({ 'page:2': { code: 'BOTH_CHANGED', fields: ['color'] } });
    expect(items.flatMap(({ writes }) => writes)).toEqual([]);
  });
});

describe('meta data', () => {
  it('that live deleted and added again is what it was, and no second row comes', () => {
    const base = { posts: [page()], postmeta: [meta('1', '2', 'color', 'red')] };
    const live = { posts: [page()], postmeta: [meta('9', '2', 'color', 'green')] };
    expect(outcomes(base, live, base)).toEqual([]);
    const clone = { posts: [page()], postmeta: [meta('70', '2', 'color', 'red')] };
    expect(outcomes(base, base, clone)).toEqual([]);
  });

  it('of a product keeps the clone’s price and the live site’s stock, in the lookup table too', () => {
    const product = (price: string, stock: string): Site => ({
      posts: [page({ post_type: 'product' })],
      postmeta: [meta('1', '2', '_price', price), meta('2', '2', '_stock', stock)],
      wc_product_meta_lookup: [{ product_id: '2', min_price: price, stock_quantity: stock, total_sales: '0' }],
    });
    const items = outcomes(product('10', '5'), product('10', '3'), product('12', '5'));
    expect(briefly(items)).toEqual({ 'product:2': 'changed' });
    expect(written(items, 'postmeta')).toEqual([meta('1', '2', '_price', '12')]);
    expect(written(items, 'wc_product_meta_lookup')).toEqual([
      { product_id: '2', min_price: '12', stock_quantity: '3', total_sales: '0' },
    ]);
  });
});

describe('what is gone in the clone', () => {
  const base = { posts: [page()], postmeta: [meta('1', '2', 'color', 'red')] };

  it('stays, is told of, and goes only when that is asked for', () => {
    expect(briefly(outcomes(base, base, {}))).toEqual({ 'page:2': { code: 'DELETION' } });
    const items = outcomes(base, base, {}, { delete: true });
    expect(briefly(items)).toEqual({ 'page:2': 'deleted' });
    expect(items[0]?.writes.map(({ part, rows }) => [part.table.short, rows])).toEqual([
      ['posts', []],
      ['postmeta', []],
    ]);
  });

  it('and was changed on the live site is a conflict', () => {
    const live = { ...base, postmeta: [meta('1', '2', 'color', 'green')] };
    expect(briefly(outcomes(base, live, {}, { delete: true }))).toEqual({ 'page:2': { code: 'DELETED_IN_CLONE' } });
  });

  it('and is used by something new on the live site is a conflict', () => {
    const term: Site = {
      terms: [{ term_id: '5', name: 'News', slug: 'news' }],
      term_taxonomy: [{ term_taxonomy_id: '6', term_id: '5', taxonomy: 'category', parent: '0', count: '0' }],
    };
    const live = {
      ...term,
      posts: [page({ ID: '9', post_type: 'post' })],
      term_relationships: [{ object_id: '9', term_taxonomy_id: '6', term_order: '0' }],
    };
    expect(briefly(outcomes(term, live, {}))).toEqual({ 'term:5': { code: 'USED_ON_LIVE', by: 'post:9' } });
  });

  it('on the live site while the clone changed it is a conflict', () => {
    const clone = { ...base, posts: [page({ post_content: 'New' })] };
    expect(briefly(outcomes(base, {}, clone, { take: 'clone' }))).toEqual({ 'page:2': { code: 'DELETED_ON_LIVE' } });
  });

  it('of a menu may be an item, and the menu stays', () => {
    const menu: Site = {
      terms: [{ term_id: '5', name: 'Main', slug: 'main' }],
      term_taxonomy: [{ term_taxonomy_id: '6', term_id: '5', taxonomy: 'nav_menu', parent: '0', count: '2' }],
      posts: [
        page({ ID: '8', post_type: 'nav_menu_item', post_name: 'a' }),
        page({ ID: '9', post_type: 'nav_menu_item', post_name: 'b' }),
      ],
      term_relationships: ['8', '9'].map((object_id) => ({ object_id, term_taxonomy_id: '6', term_order: '0' })),
    };
    const clone = {
      ...menu,
      posts: [page({ ID: '8', post_type: 'nav_menu_item', post_name: 'a', post_title: 'Other' })],
      term_relationships: [{ object_id: '8', term_taxonomy_id: '6', term_order: '0' }],
    };
    expect(briefly(outcomes(menu, menu, clone))).toEqual({
      'menu:5': 'changed',
      'nav_menu_item:9': { code: 'DELETION' },
    });
  });
});

describe('what both added', () => {
  it('under one name is a conflict, never two', () => {
    const two = (value: string) => ({ options: [option('mine', value, value)] });
    expect(briefly(outcomes({}, two('1'), two('2')))).toEqual({ 'option:mine': { code: 'NAME_TAKEN', name: 'mine' } });
    const post = (ID: string, post_title: string) => ({
      posts: [page({ ID, post_title, post_name: 'spring' })],
      users: [admin],
    });
    const items = outcomes({ users: [admin] }, post('5', 'a'), post('1005', 'b'));
    expect(briefly(items)).toEqual({ 'page:1005': { code: 'NAME_TAKEN', name: 'spring' } });
  });

  it('under one number is two things', () => {
    const made = (post_name: string) => ({ posts: [page({ ID: '7', post_name })] });
    expect(briefly(outcomes({}, made('a'), made('b'), { take: 'clone' }))).toEqual({
      'page:7': { code: 'NUMBER_TAKEN' },
    });
  });

  it('to a table without a key is there as often as both added it', () => {
    const rows = (count: number): Site => ({ plain: Array.from({ length: count }, () => ({ a: '1', b: '2' })) });
    const items = outcomes(rows(2), rows(3), rows(4));
    expect(written(items, 'plain')).toHaveLength(5);
    expect(briefly(outcomes(rows(2), rows(2), rows(1)))).toEqual({ 'row:plain': { code: 'DELETION' } });
    expect(written(outcomes(rows(2), rows(3), rows(1), { delete: true }), 'plain')).toHaveLength(2);
  });
});

describe('what never travels', () => {
  it('stays in the clone and is told of: users, orders, keys, addresses', () => {
    const clone = {
      users: [admin, { ID: '1002', user_login: 'test', user_email: 't@t.example', display_name: 'T' }],
      usermeta: [{ umeta_id: '9', user_id: '1002', meta_key: 'wp_capabilities', meta_value: 'x' }],
      posts: [page({ ID: '1003', post_type: 'shop_order', post_name: 'o' })],
      options: [option('home', 'http://x', '5'), option('acme_license_key', 'k', '6'), option('blogname', 'New', '7')],
    };
    const items = outcomes({ users: [admin] }, { users: [admin] }, clone);
    expect(
      items.map(({ item, kept, change }) => [keyOfItem(item), kept?.code === 'PROTECTED' ? kept.class : change]),
    ).toEqual([
      ['option:home', 'address'],
      ['option:acme_license_key', 'secrets'],
      ['option:blogname', 'new'],
      ['shop_order:1003', 'orders'],
      ['user:1002', 'users'],
      ['user:1002', 'roles'],
    ]);
    const included = outcomes({ users: [admin] }, { users: [admin] }, clone, { include: new Set(['users', 'roles']) });
    expect(written(included, 'users')).toHaveLength(1);
  });

  it('travels once each class is named that the site asks for, and not before', () => {
    const rights = (meta_value: string): Site => ({
      users: [admin],
      usermeta: [{ umeta_id: '9', user_id: '1', meta_key: 'wp_capabilities', meta_value }],
    });
    const after = (...include: Protection[]) =>
      outcomes(rights('a'), rights('a'), rights('b'), { include: new Set(include) });
    const kept = (...include: Protection[]) => after(...include).map((item) => item.kept);
    expect(kept('roles')).toEqual([{ code: 'PROTECTED', class: 'users' }]);
    expect(kept('users')).toEqual([{ code: 'PROTECTED', class: 'roles' }]);
    expect(written(after('users', 'roles'), 'usermeta')).toHaveLength(1);
  });

  it('is what hangs on an order too, whatever it calls itself', () => {
    const order = page({ ID: '7', post_type: 'shop_order', post_name: 'o' });
    const note = { comment_ID: '4', comment_post_ID: '7', comment_content: 'Hello', comment_type: 'comment' };
    const base = { posts: [order] };
    const clone = { posts: [{ ...order, post_title: 'Changed' }], comments: [note] };
    expect(briefly(outcomes(base, base, clone))['comment:4']).toEqual({ code: 'PROTECTED', class: 'orders' });
  });

  it('is a conflict where something needs it', () => {
    const clone = {
      users: [admin, { ID: '1002', user_login: 'test', user_email: 't@t.example', display_name: 'T' }],
      posts: [page({ ID: '1005', post_author: '1002' })],
    };
    expect(briefly(outcomes({ users: [admin] }, { users: [admin] }, clone))).toMatchObject({
      'page:1005': { code: 'NEEDS', what: 'user:1002' },
    });
  });
});

it('merges lists and maps of settings entry by entry', () => {
  const list = (...names: number[]) => `a:${names.length}:{${names.map((n, i) => `i:${i};i:${n};`).join('')}}`;
  const sticky = (...names: number[]) => ({ options: [option('sticky_posts', list(...names))] });
  const items = outcomes(sticky(1, 2), sticky(1, 2, 3), sticky(2, 4));
  expect(written(items, 'options').map((row) => row['option_value'])).toEqual([list(2, 3, 4)]);
  const mods = (a: string, b: string) => ({ options: [option('theme_mods_x', `a:2:{s:1:"a";${a}s:1:"b";${b}}`)] });
  const merged = outcomes(mods('i:1;', 'i:1;'), mods('i:2;', 'i:1;'), mods('i:1;', 'i:3;'));
  expect(written(merged, 'options').map((row) => row['option_value'])).toEqual(['a:2:{s:1:"a";i:2;s:1:"b";i:3;}']);
  expect(briefly(outcomes(mods('i:1;', 'i:1;'), mods('i:2;', 'i:1;'), mods('i:4;', 'i:1;')))).toMatchObject({
    'option:theme_mods_x': { code: 'BOTH_CHANGED' },
  });
});

it('takes rows of a plugin’s table whole: two changes of one are a conflict', () => {
  const row = (body: string): Site => ({ forms: [{ slug: 'a', body }] });
  expect(briefly(outcomes(row('1'), row('1'), row('2')))).toEqual({ 'row:forms/a': 'changed' });
  expect(briefly(outcomes(row('1'), row('3'), row('2')))).toMatchObject({ 'row:forms/a': { code: 'BOTH_CHANGED' } });
});

it('tells what the live site did meanwhile', () => {
  const live = {
    posts: [page(), page({ ID: '5', post_type: 'shop_order', post_name: 'x' })],
    options: [option('cron', 'x')],
  };
  const { meanwhile } = merge(threeWays({ posts: [page()] }, live, { posts: [page()] }), policy());
  expect(meanwhile).toEqual([{ item: { kind: 'shop_order', id: '5' }, change: 'new', protection: 'orders' }]);
});
