import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { merge } from '../../../src/restore/merge/merge.ts';
import type { Policy } from '../../../src/restore/merge/outcome.ts';
import { keyOfItem, type TableDifferences } from '../../../src/restore/merge/types.ts';
import { renumber, type Renumbered } from '../../../src/restore/numbers/renumber.ts';
import { formerNames, numberNotes, unsureNumbers } from '../../../src/restore/numbers/told.ts';
import { siteInfo } from '../../support/site-info.ts';
import {
  afterwards,
  briefly,
  option,
  policy,
  SHAPES,
  threeWays,
  written,
  type Site,
} from '../../support/three-ways.ts';

const page = (ID: string, post_title: string, more: Record<string, string> = {}) => ({
  ID, post_author: '1', post_title, post_content: '', post_status: 'publish', post_name: post_title.toLowerCase(), post_parent: '0',
  post_type: 'page', post_modified: '2026-01-01 00:00:00', comment_count: '0', ...more,
}); // prettier-ignore
const meta = (meta_id: string, post_id: string, meta_key: string, meta_value: string) => ({
  meta_id, post_id, meta_key, meta_value,
}); // prettier-ignore

/** The live site counts its posts up to 900, in a column of this type. */
const info = (type = 'bigint(20) unsigned') => ({
  tables: Object.entries(SHAPES).map(([short, { columns, key }]) => ({
    ...siteInfo().tables[0]!,
    name: `wp_${short}`,
    definition: `CREATE TABLE x (...) AUTO_INCREMENT=900 ...`,
    columns: columns.map((name) => ({
      name,
      type: key?.[0] === name ? type : 'text',
      charset: null,
      generated: false,
    })),
    key: key === null ? null : [...key],
  })),
});

const renumbered = (base: Site, live: Site, clone: Site, type?: string): Renumbered =>
  renumber(threeWays(base, live, clone), info(type), { raws: new WeakMap(), hosts: ['clone.test'] });

function mergedOf(result: Renumbered, changes: Partial<Policy> = {}) {
  const wanted = policy(changes);
  const unsure = unsureNumbers(result, wanted);
  return { merged: merge(result.tables, { ...wanted, against: unsure.against }), unsure };
}

describe('what is new in the clone and has a number that the live site gave away', () => {
  const live = { posts: [page('812', 'Theirs')], postmeta: [meta('1', '812', 'color', 'red')] };

  it('gets another one, above all that either side has, and its own rows with it', () => {
    const clone = {
      posts: [page('812', 'Ours', { post_content: 'a' }), page('813', 'Other', { post_parent: '812' })],
      postmeta: [meta('1', '812', 'color', 'blue'), meta('9', '813', '_thumbnail_id', '812')],
    };
    const result = renumbered({}, live, clone);
    const { merged } = mergedOf(result);
    expect(briefly(merged.items)).toEqual({ 'page:2000': 'new', 'page:813': 'new' });
    expect(written(merged.items, 'posts').map(({ ID, post_title, post_parent }) => [ID, post_title, post_parent])).toEqual([
      ['2000', 'Ours', '0'],
      ['813', 'Other', '2000'],
    ]); // prettier-ignore
    expect(written(merged.items, 'postmeta').map(({ post_id, meta_value }) => [post_id, meta_value])).toEqual([
      ['2000', 'blue'],
      ['813', '2000'],
    ]);
    expect(formerNames(result)({ kind: 'page', id: '2000' })).toBe('812');
    const notes = numberNotes(merged.items, formerNames(result), unsureNumbers(result, policy()), (key) => key);
    expect(notes).toEqual([expect.stringContaining('page:2000 (812 → 2000)')]);
  });

  it('is followed by what refers to it wherever WordPress writes a number: blocks, classes, shortcodes, addresses, settings', () => {
    const text = (id: string): string =>
      [
        `<!-- wp:image {"id":${id},"sizeSlug":"large"} --><img class="wp-image-${id}"/><!-- /wp:image -->`,
        `<!-- wp:gallery {"ids":[5,${id}]} --><!-- /wp:gallery --><!-- wp:block {"ref":${id}} /-->`,
        `<!-- wp:navigation-link {"kind":"post-type","id":${id}} /--><!-- wp:media-text {"mediaId":${id},"mediaWidth":812} -->`,
        `[gallery columns="3" ids="4,${id},6"] [caption id="attachment_${id}"] <a href="/?p=${id}">x</a> &amp;page_id=${id}`,
        `<a href="http://elsewhere.test/?p=812">y</a> <a href="http://clone.test/?p=${id}">z</a> 1.812`,
      ].join('\n');
    const mods = (id: string): string =>
      `a:2:{s:11:"custom_logo";i:${id};s:18:"nav_menu_locations";a:1:{s:3:"top";i:812;}}`;
    const sticky = (id: string): string => `a:2:{i:0;i:3;i:1;s:${id.length}:"${id}";}`;
    const settings = (id: string) => [
      option('page_on_front', id, '1'),
      option('theme_mods_x', mods(id), '2'),
      option('sticky_posts', sticky(id), '3'),
      option('widget_media_image', `a:1:{i:2;a:1:{s:13:"attachment_id";i:${id};}}`, '4'),
      option('site_icon', '77', '5'),
    ];
    const clone = (id: string) => ({ posts: [page('812', 'Ours', { post_content: text(id) })], options: settings(id) });
    const result = renumbered({}, { posts: live.posts }, clone('812'));
    const { merged } = mergedOf(result);
    expect(briefly(merged.items)).toMatchObject({ 'page:2000': 'new', 'option:theme_mods_x': 'new' });
    expect(written(merged.items, 'posts')[0]?.['post_content']).toBe(text('2000'));
    expect(written(merged.items, 'options').map((row) => row['option_value'])).toEqual(
      settings('2000').map((row) => row.option_value),
    );
    expect(result.unknown.size).toBe(0);
  });

  it('is a menu with its items, a term with its posts, a comment with its answers', () => {
    const term = (id: string, name: string) => ({ term_id: id, name, slug: name.toLowerCase() });
    const taxonomy = (id: string, term_id: string, name: string) => ({
      term_taxonomy_id: id, term_id, taxonomy: name, parent: '0', count: '0',
    }); // prettier-ignore
    const relation = (object_id: string, term_taxonomy_id: string) => ({
      object_id,
      term_taxonomy_id,
      term_order: '0',
    });
    const comment = (comment_ID: string, comment_content: string, comment_parent = '0') => ({
      comment_ID, comment_post_ID: '3', comment_parent, comment_content, comment_type: 'comment', user_id: '0',
    }); // prettier-ignore
    const result = renumbered(
      { posts: [page('3', 'Old')] },
      {
        posts: [page('3', 'Old'), page('812', 'Theirs')],
        terms: [term('8', 'News')],
        term_taxonomy: [taxonomy('8', '8', 'category')],
        term_relationships: [relation('812', '8')],
        comments: [comment('40', 'first')],
      },
      {
        posts: [page('3', 'Old'), page('812', '', { post_name: '812', post_type: 'nav_menu_item' })],
        postmeta: [
          meta('1', '812', '_menu_item_type', 'taxonomy'),
          meta('2', '812', '_menu_item_object_id', '8'),
          meta('3', '812', '_menu_item_menu_item_parent', '0'),
        ],
        terms: [term('8', 'Top'), term('9', 'Free')],
        term_taxonomy: [taxonomy('8', '8', 'nav_menu'), taxonomy('9', '9', 'post_tag')],
        term_relationships: [relation('812', '8'), relation('3', '9')],
        comments: [comment('40', 'ours'), comment('41', 'an answer', '40')],
      },
    );
    const { merged } = mergedOf(result);
    expect(Object.keys(briefly(merged.items)).toSorted()).toEqual([
      'comment:2000',
      'comment:41',
      'menu:2000',
      'page:3',
      'term:9',
    ]);
    expect(merged.items.every(({ conflict }) => conflict === undefined)).toBe(true);
    expect(written(merged.items, 'term_relationships')).toEqual(
      expect.arrayContaining([relation('2000', '2000'), relation('3', '9')]),
    );
    expect(written(merged.items, 'posts')[0]).toMatchObject({ ID: '2000', post_name: '2000' });
    expect(written(merged.items, 'postmeta')).toContainEqual(meta('2', '2000', '_menu_item_object_id', '2000'));
    expect(written(merged.items, 'comments').map((row) => row['comment_parent'])).toEqual(['0', '2000']);
  });

  it('is a conflict where its number may stand in a place that nobody understands, until somebody takes that as it is', () => {
    const clone = {
      posts: [page('812', 'Ours')],
      options: [option('plugin_state', '{"picture":812}', '1'), option('other', '1.812 or 18120', '2')],
    };
    const result = renumbered({}, { posts: live.posts }, clone);
    const { merged } = mergedOf(result);
    expect(briefly(merged.items)).toEqual({
      'page:2000': 'new',
      'option:plugin_state': { code: 'NUMBER_TAKEN', numbers: ['812'], fields: ['option_value'] },
      'option:other': 'new',
    });
    const decided = mergedOf(result, { decisions: new Map([['option:plugin_state', 'clone']]) });
    expect(briefly(decided.merged.items)).toMatchObject({ 'option:plugin_state': 'new' });
    const notes = numberNotes(decided.merged.items, formerNames(result), decided.unsure, (key) => key);
    expect(notes.join(' ')).toContain('812 in option_value');
    expect(mergedOf(result, { take: 'live' }).merged.items.map(({ kept }) => kept?.code)).toContain('LIVE_TAKEN');
    const left = mergedOf(result, { chooses: ({ id }) => (id === 'plugin_state' ? 'no' : 'yes') });
    expect(briefly(left.merged.items)['option:plugin_state']).toEqual({ code: 'NOT_CHOSEN' });
  });

  it('stays a conflict where its table has no numbers left, or cannot be compared', () => {
    const clone = { posts: [page('812', 'Ours')] };
    const small = renumbered({}, { posts: live.posts }, clone, 'smallint(6)');
    expect(briefly(mergedOf(small).merged.items)).toEqual({ 'page:2000': 'new' });
    const last = { posts: [page('127', 'Theirs')] };
    const full = renumbered({}, last, { posts: [page('127', 'Ours')] }, 'tinyint(4)');
    expect(briefly(mergedOf(full).merged.items)).toEqual({ 'page:127': { code: 'NUMBER_TAKEN' } });
  });

  it('is not given to what an earlier restore brought and somebody edited since: people decide about that', () => {
    const post_date = '2031-05-01 10:00:00';
    const at = (ID: string, post_content: string) => page(ID, 'Ours', { post_content, post_date });
    const both = renumbered({}, { posts: [at('812', 'a')] }, { posts: [at('812', 'b')] });
    expect(both.numbers.size).toBe(0);
    const conflict = { 'page:812': { code: 'BOTH_CHANGED', fields: ['post_content'] } };
    expect(briefly(mergedOf(both).merged.items)).toEqual(conflict);
    const { merged } = mergedOf(both, { take: 'clone' });
    expect(written(merged.items, 'posts')).toMatchObject([{ ID: '812', post_content: 'b' }]);
    const there = { posts: [page('812', 'Theirs', { post_date: '2031-05-02 10:00:00' }), at('2000', 'a')] };
    expect(briefly(mergedOf(renumbered({}, there, { posts: [at('812', 'b')] })).merged.items)).toEqual({
      'page:2000': { code: 'BOTH_CHANGED', fields: ['post_content'] },
    });
  });

  it('is known again once it is there: a second restore brings nothing twice', () => {
    const clone = {
      posts: [page('812', 'Ours', { post_content: 'see wp-image-812' }), page('813', 'Same')],
      postmeta: [meta('1', '812', 'color', 'blue')],
    };
    const there = {
      posts: [...live.posts, page('813', 'Same'), page('2000', 'Ours', { post_content: 'see wp-image-2000' })],
      postmeta: [...live.postmeta, meta('7', '2000', 'color', 'blue')],
    };
    expect(briefly(mergedOf(renumbered({}, there, clone)).merged.items)).toEqual({});
    const edited = { ...clone, postmeta: [meta('1', '812', 'color', 'green')] };
    expect(briefly(mergedOf(renumbered({}, there, edited)).merged.items)).toMatchObject({
      'page:2000': { code: 'BOTH_CHANGED' },
    });
  });
});

it('takes two new rows that say the same for one, unless what they belong to is two', () => {
  const same = { posts: [page('812', 'Same')], comments: [{ comment_ID: '4', comment_post_ID: '812', comment_parent: '0', comment_content: 'x', comment_type: '', user_id: '0' }] }; // prettier-ignore
  expect(renumbered({}, same, same).numbers.size).toBe(0);
  const other = { ...same, posts: [page('812', 'Other')] };
  const { merged } = mergedOf(renumbered({}, other, same));
  expect(briefly(merged.items)).toEqual({ 'page:2000': 'new', 'comment:2000': 'new' });
});

it('changes nothing where both sides gave different numbers', () => {
  const tables = threeWays({ posts: [page('3', 'Old')] }, { posts: [page('3', 'Old'), page('812', 'A')] }, { posts: [page('3', 'New'), page('5812', 'B')] }); // prettier-ignore
  const result = renumber(tables, info(), { raws: new WeakMap(), hosts: [] });
  expect(result.tables).toBe(tables);
  expect(result.numbers.size).toBe(0);
});

const number = fc.constantFrom('11', '12', '13', '14');
/** Texts hold no number that might be one. */
const letter = (id: string): string => String.fromCharCode(80 + Number(id));
const added = (side: string) =>
  fc.uniqueArray(
    fc.record({ id: number, parent: number, thumbnail: number, picture: number, linked: fc.constantFrom('3', '11', '12') }),
    { selector: ({ id }) => id, maxLength: 4 },
  ).map((rows): Site => ({
    posts: [
      page('3', 'Old'),
      ...rows.map(({ id, parent, picture }) =>
        page(id, `${side} ${letter(id)}`, { post_parent: parent, post_content: `<img class="wp-image-${picture}">` })),
    ],
    postmeta: rows.map(({ id, thumbnail }, at) => meta(String(at + 1), id, '_thumbnail_id', thumbnail)),
    comments: rows.map(({ id, linked }) => ({ comment_ID: id, comment_post_ID: linked, comment_parent: '0', comment_content: `${side} ${letter(id)}`, comment_type: '', user_id: '0' })),
  })); // prettier-ignore

/** Rows of a version of a site that say which other rows they mean, by what these hold instead of by number. */
function meaning(
  tables: readonly TableDifferences[],
  site: ReadonlyMap<string, readonly (readonly (string | null)[])[]>,
) {
  const rows = (short: string) =>
    [...site].filter(([key]) => key.startsWith(`${short} `)).flatMap(([, all]) => all.map((row) => Object.fromEntries(SHAPES[short]!.columns.map((name, at) => [name, row[at] ?? ''])))); // prettier-ignore
  const titles = new Map(rows('posts').map((row) => [row['ID'], row['post_title']]));
  const meant = (id: string | undefined): string => titles.get(id) ?? 'none';
  return new Set([
    ...rows('posts').map((row) => `${row['post_title']} in ${meant(row['post_parent'])} shows ${meant(/wp-image-(\d+)/.exec(row['post_content'] ?? '')?.[1])}`), // prettier-ignore
    ...rows('postmeta').map((row) => `${meant(row['post_id'])} has ${meant(row['meta_value'])}`),
    ...rows('comments').map((row) => `${row['comment_content']} on ${meant(row['comment_post_ID'])}`),
  ]);
}

it('whatever both sides added, all of both is there afterwards, and means what it meant', () => {
  const base: Site = { posts: [page('3', 'Old')] };
  const inside = (site: Site): Site => {
    const ids = new Set((site['posts'] ?? []).map((row) => row['ID']));
    const own = (id: string | null | undefined): string => (id != null && ids.has(id) ? id : '0');
    return {
      ...site,
      posts: (site['posts'] ?? []).map((row) => ({ ...row, post_parent: own(row['post_parent']), post_content: `<img class="wp-image-${own(/\d+/.exec(row['post_content'] ?? '')?.[0])}">` })), // prettier-ignore
      postmeta: (site['postmeta'] ?? []).map((row) => ({ ...row, meta_value: own(row['meta_value']) })),
      comments: (site['comments'] ?? []).filter((row) => ids.has(row['comment_post_ID'] ?? '')),
    };
  };
  fc.assert(
    fc.property(added('live').map(inside), added('clone').map(inside), (live, clone) => {
      const plain = (site: Site) => ({ ...site, posts: (site['posts'] ?? []).map((row) => row['ID'] === '3' ? page('3', 'Old') : row) }); // prettier-ignore
      const result = renumbered(base, plain(live), plain(clone));
      const { merged } = mergedOf(result);
      expect(merged.items.filter(({ conflict, kept }) => conflict ?? kept).map(({ item }) => keyOfItem(item))).toEqual(
        [],
      );
      const all = meaning(result.tables, afterwards(result.tables, merged));
      for (const side of [plain(live), plain(clone)]) {
        const alone = threeWays({}, side, side);
        const wanted = meaning(alone, afterwards(alone, { items: [], meanwhile: [] }));
        expect([...wanted].filter((each) => !all.has(each))).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});
