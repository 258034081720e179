import { describe, expect, it } from 'vitest';
import { merge } from '../../../src/restore/merge/merge.ts';
import { lookupsFor } from '../../../src/restore/merge/lookups.ts';
import { briefly, outcomes, policy, threeWays, written, type Site } from '../../support/three-ways.ts';

const page = (more: Record<string, string> = {}) => ({
  ID: '2', post_author: '1', post_title: 'About', post_content: 'Hello', post_status: 'publish', post_name: 'about',
  post_parent: '0', post_type: 'page', post_modified: '2026-01-01 00:00:00', comment_count: '0', post_date: '', ...more,
}); // prettier-ignore
const entry = (more: Record<string, string> = {}) => ({
  id: '70', object_type: 'post', object_id: '2', title: 'T', breadcrumb_title: 'About', link_count: '0',
  updated_at: '2026-01-01 00:00:00', ...more,
}); // prettier-ignore
const described = (value: string) => ({
  meta_id: '5',
  post_id: '2',
  meta_key: '_yoast_wpseo_title',
  meta_value: value,
});
const site = (title: string, index: Record<string, string> = {}, post: Record<string, string> = {}): Site => ({
  posts: [page(post)],
  postmeta: [described(title)],
  yoast_indexable: [entry({ title, ...index })],
});

describe('the entry of a page in the index of an SEO plugin', () => {
  it('goes with the page and keeps what the live site changed of it since, and is no conflict', () => {
    const live = site(
      'T',
      { breadcrumb_title: 'Us', link_count: '7', updated_at: '2026-03-01 00:00:00' },
      { post_title: 'Us' },
    );
    const clone = site('New', { link_count: '1', updated_at: '2026-02-01 00:00:00' });
    const items = outcomes(site('T'), live, clone);
    expect(briefly(items)).toEqual({ 'page:2': 'changed' });
    expect(written(items, 'yoast_indexable')).toEqual([
      entry({ title: 'New', breadcrumb_title: 'Us', link_count: '7', updated_at: '2026-03-01 00:00:00' }),
    ]);
  });

  it('follows what was decided of the page where both changed it', () => {
    const [base, live, clone] = [site('T'), site('Live'), site('Clone')];
    expect(briefly(outcomes(base, live, clone))).toEqual({
      'page:2': { code: 'BOTH_CHANGED', fields: ['_yoast_wpseo_title'] },
    });
    const taken = outcomes(base, live, clone, { take: 'clone' });
    expect(written(taken, 'yoast_indexable')).toEqual([entry({ title: 'Clone' })]);
    expect(written(outcomes(base, live, clone, { take: 'live' }), 'yoast_indexable')).toEqual([]);
  });

  it('is no change of its own, on either side: code writes it by itself', () => {
    const counted = site('T', { link_count: '9', updated_at: '2026-05-05 00:00:00' });
    expect(outcomes(site('T'), site('T'), counted)).toEqual([]);
    const filled = site('T', { breadcrumb_title: 'filled' });
    expect(briefly(outcomes(site('T'), site('T'), filled))).toEqual({ 'page:2': { code: 'NOISE' } });
    expect(merge(threeWays(site('T'), filled, site('T')), policy()).meanwhile).toEqual([]);
    const gone = outcomes(site('T'), filled, {}, { delete: true });
    expect(briefly(gone)).toEqual({ 'page:2': 'deleted' });
  });

  it('comes with a new page, and never in the place of that of another thing', () => {
    const fresh: Site = { posts: [page()], postmeta: [described('New')], yoast_indexable: [entry({ title: 'New' })] };
    expect(written(outcomes({}, {}, fresh), 'yoast_indexable')).toEqual([entry({ title: 'New' })]);
    const other: Site = { yoast_indexable: [entry({ object_id: '9' })] };
    const items = outcomes({}, other, fresh);
    expect(briefly(items)).toEqual({ 'page:2': 'new' });
    expect(written(items, 'yoast_indexable')).toEqual([]);
    const anew = outcomes(site('T'), { ...site('T'), ...other }, site('New'));
    expect(briefly(anew)).toEqual({ 'page:2': 'changed' });
    expect(written(anew, 'yoast_indexable')).toEqual([]);
  });

  it('stays where nobody can compare it, and the page goes', () => {
    const tables = threeWays(site('T'), site('T'), site('New')).map((table) =>
      table.name === 'wp_yoast_indexable' ? { ...table, doubt: 'altered' } : table,
    );
    const { items } = merge(tables, policy());
    expect(briefly(items)).toEqual({ 'page:2': 'changed' });
    expect(written(items, 'yoast_indexable')).toEqual([]);
  });

  it('of another site is taken with the page that is taken, and is no conflict where the page is the same', () => {
    const two = (live: Site, clone: Site, take?: 'clone') => {
      const tables = threeWays({}, live, clone).map((table) => {
        // What both have alike is the base.
        const rows = table.rows.map((row) =>
          String(row.live) === String(row.clone) ? { ...row, base: row.live } : row,
        );
        return { ...table, rows, twoSided: true as const };
      });
      return [...merge(tables, policy({ take })).items];
    };
    expect(briefly(two(site('T'), site('T', { breadcrumb_title: 'x' })))).toEqual({ 'page:2': { code: 'NOISE' } });
    expect(briefly(two(site('T'), site('New')))).toEqual({
      'page:2': { code: 'DIFFERS', fields: ['_yoast_wpseo_title'] },
    });
    expect(written(two(site('T'), site('New'), 'clone'), 'yoast_indexable')).toEqual([entry({ title: 'New' })]);
  });

  it('of a term says what stands in a setting, and goes by itself', () => {
    const term = (title: string): Site => ({
      terms: [{ term_id: '7', name: 'T', slug: 't' }],
      term_taxonomy: [{ term_taxonomy_id: '8', term_id: '7', taxonomy: 'category', parent: '0', count: '0' }],
      yoast_indexable: [entry({ object_type: 'term', object_id: '7', title })],
    });
    expect(briefly(outcomes(term('a'), term('a'), term('b')))).toEqual({ 'term:7': 'changed' });
    expect(briefly(outcomes(term('a'), term('c'), term('b')))).toEqual({
      'term:7': { code: 'BOTH_CHANGED', fields: ['title'] },
    });
  });

  it('moves with a page below another one', () => {
    const below = (ancestor: string, parent: string): Site => ({
      ...site('T', { breadcrumb_title: parent }, { post_parent: parent }),
      yoast_indexable_hierarchy: [{ indexable_id: '70', ancestor_id: ancestor, depth: '1' }],
    });
    const items = outcomes(below('60', '4'), below('60', '4'), below('71', '3'));
    expect(briefly(items)).toEqual({ 'page:2': 'changed' });
    const places = items[0]?.writes.filter(({ part }) => part.table.short === 'yoast_indexable_hierarchy');
    expect(places?.map(({ part, rows }) => [part.live.length, rows.length])).toEqual([
      [1, 0],
      [0, 1],
    ]);
    expect(written(items, 'yoast_indexable_hierarchy')).toEqual([
      { indexable_id: '70', ancestor_id: '71', depth: '1' },
    ]);
  });

  it('is known by its page, also where that was not changed', () => {
    const wanted = lookupsFor(threeWays({}, {}, { yoast_indexable: [entry()] }), new Set());
    expect(wanted).toContainEqual({ short: 'posts', column: 'ID', values: ['2'] });
    const place = { indexable_id: '70', ancestor_id: '0', depth: '0' };
    const entries = lookupsFor(threeWays({}, {}, { yoast_indexable_hierarchy: [place] }), new Set());
    expect(entries).toContainEqual({ short: 'yoast_indexable', column: 'id', values: ['70'] });
  });
});
