import { describe, expect, it } from 'vitest';
import { renumber } from '../../../src/restore/numbers/renumber.ts';
import { formerNames, numberNotes, unsureNumbers } from '../../../src/restore/numbers/told.ts';
import { info, mergedOf, meta, page, renumbered } from '../../support/renumbering.ts';
import { briefly, option, policy, threeWays, written } from '../../support/three-ways.ts';

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
