import { expect, it } from 'vitest';
import { merge } from '../../../src/restore/merge/merge.ts';
import { isWritten, withExpectations } from '../../../src/restore/plan/expectations.ts';
import { policy, threeWays, type Site } from '../../support/three-ways.ts';

const post = (ID: string, more: Record<string, string> = {}) => ({
  ID, post_author: '1', post_title: ID, post_content: '', post_status: 'publish', post_name: `n${ID}`, post_parent: '0', post_type: 'page',
  post_modified: '', comment_count: '0', post_date: '', ...more,
}); // prettier-ignore

/** What is relied on where the clone did this: tables with the numbers of rows. */
function relied(base: Site, clone: Site, live = base): Record<string, string[]> {
  const tables = threeWays(base, live, clone);
  const wanted = merge(tables, policy()).items.filter(({ writes }) => writes.length > 0);
  const found = withExpectations([], wanted, tables, new Set());
  expect(found.some(isWritten)).toBe(false);
  return Object.fromEntries(
    found.map((each) => [
      each.table,
      each.kind === 'keyed' ? each.expects.map(({ key }) => Object.values(key).join()) : [],
    ]),
  );
}

it('relies on what the live site has and something new comes to refer to, and on nothing else', () => {
  const base = {
    posts: [post('2'), post('3'), post('4', { post_type: 'shop_order' })],
    terms: [{ term_id: '7', name: 'T', slug: 't' }],
    term_taxonomy: [{ term_taxonomy_id: '8', term_id: '7', taxonomy: 'category', parent: '0', count: '0' }],
    users: [{ ID: '1', user_login: 'a', user_email: 'a@a.example', display_name: 'A' }],
  };
  expect(relied(base, { ...base, posts: [...base.posts, post('2000', { post_parent: '2' })] })).toEqual({
    wp_posts: ['2'],
  });
  expect(relied(base, { ...base, posts: [post('2', { post_title: 'other' }), ...base.posts.slice(1)] })).toEqual({});
  const child = post('5', { post_parent: '3' });
  const family = { ...base, posts: [...base.posts, child] };
  expect(relied(family, { ...family, posts: [...base.posts, { ...child, post_title: 'other' }] })).toEqual({});
  const meta = (meta_id: string, post_id: string, meta_key: string, meta_value: string) => ({
    meta_id,
    post_id,
    meta_key,
    meta_value,
  });
  expect(relied(base, { ...base, postmeta: [meta('900', '2', '_thumbnail_id', '3')] })).toEqual({
    wp_posts: ['2', '3'],
  });
  const relation = { object_id: '2', term_taxonomy_id: '8', term_order: '0' };
  expect(relied(base, { ...base, term_relationships: [relation] })).toEqual({
    wp_term_taxonomy: ['8'],
    wp_posts: ['2'],
  });
  // Both are new: neither is there yet.
  const pair = [post('2000'), post('2001', { post_parent: '2000' })];
  expect(relied(base, { ...base, posts: [...base.posts, ...pair] })).toEqual({});
});
