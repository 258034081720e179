import { describe, expect, it } from 'vitest';
import { mergedOf, meta, page, renumbered } from '../../support/renumbering.ts';
import { briefly, option, written, type Site } from '../../support/three-ways.ts';

const term = (term_id: string, name: string, slug = name.toLowerCase()) => ({ term_id, name, slug });
const place = (term_taxonomy_id: string, term_id: string, taxonomy: string, more = {}) => ({
  term_taxonomy_id, term_id, taxonomy, parent: '0', count: '0', ...more,
}); // prettier-ignore
const relation = (object_id: string, term_taxonomy_id: string) => ({ object_id, term_taxonomy_id, term_order: '0' });
const old: Site = { posts: [page('3', 'Old')] };

/** A term of the live site's own, which has 7 and 17 there. */
const live = (taxonomy: string, more: Site = {}): Site => ({
  ...old,
  terms: [term('7', 'Summer')],
  term_taxonomy: [place('17', '7', taxonomy)],
  ...more,
});

describe('a term that both sides made, of one name in one taxonomy', () => {
  const clone: Site = {
    posts: [page('3', 'Old'), page('5812', 'New')],
    postmeta: [
      meta('1', '5812', '_menu_item_type', 'taxonomy'),
      meta('2', '5812', '_menu_item_object_id', '5007'),
      meta('3', '5812', 'color', 'red'),
    ],
    terms: [term('5007', 'Summer'), term('5008', 'June')],
    term_taxonomy: [place('5017', '5007', 'post_tag'), place('5018', '5008', 'post_tag', { parent: '5007' })],
    term_relationships: [relation('3', '5017'), relation('5812', '5017'), relation('5812', '5018')],
    options: [option('default_category', '5007', '1')],
  };

  it('is one term: what has it in the clone has the live site’s then, whatever refers to it', () => {
    const { merged } = mergedOf(renumbered(old, live('post_tag'), clone));
    expect(briefly(merged.items)).toEqual({
      'page:3': 'changed',
      'page:5812': 'new',
      'term:5008': 'new',
      'option:default_category': 'new',
    });
    expect(written(merged.items, 'terms')).toEqual([term('5008', 'June')]);
    expect(written(merged.items, 'term_taxonomy')).toEqual([place('5018', '5008', 'post_tag', { parent: '7' })]);
    expect(written(merged.items, 'term_relationships')).toEqual(
      expect.arrayContaining([relation('3', '17'), relation('5812', '17'), relation('5812', '5018')]),
    );
    expect(written(merged.items, 'postmeta')).toContainEqual(meta('2', '5812', '_menu_item_object_id', '7'));
    expect(written(merged.items, 'options')[0]?.['option_value']).toBe('7');
  });

  it('brings nothing once more, and what the live site has put into it stays', () => {
    const there = live('post_tag', { term_relationships: [relation('3', '17')] });
    const here: Site = {
      ...old,
      terms: [term('5007', 'Summer')],
      term_taxonomy: [place('5017', '5007', 'post_tag')],
      term_relationships: [relation('3', '5017')],
    };
    expect(mergedOf(renumbered(old, there, here)).merged.items).toEqual([]);
  });

  it('is two where the name, the taxonomy or what is in it is another, or where more than one has the name', () => {
    const here = (taxonomy: string, name = 'Summer', more: Site = {}): Site => ({
      ...old,
      terms: [term('5007', name, 'summer')],
      term_taxonomy: [place('5017', '5007', taxonomy)],
      ...more,
    });
    const fates = (there: Site, ours: Site) => briefly(mergedOf(renumbered(old, there, ours)).merged.items);
    expect(fates(live('post_tag'), here('category'))).toEqual({ 'term:5007': 'new' });
    const taken = { code: 'NAME_TAKEN', name: 'summer' };
    expect(fates(live('post_tag'), here('post_tag', 'SUMMER'))).toEqual({ 'term:5007': taken });
    expect(fates(live('nav_menu'), here('nav_menu'))).toEqual({ 'menu:5007': taken });
    const two = { terms: [term('7', 'Summer'), term('8', 'Summer')], term_taxonomy: [place('17', '7', 'post_tag'), place('18', '8', 'post_tag')] }; // prettier-ignore
    expect(fates(live('post_tag', two), here('post_tag'))).toEqual({ 'term:5007': taken });
  });
});

it('styles and templates of one theme and name that both sides made are one, about which a person decides', () => {
  const made = (id: string, post_content: string, theme: string, type = 'wp_template'): Site => ({
    ...old,
    posts: [
      page('3', 'Old'),
      page(id, 'Single', { post_type: type, post_content, post_date: `2031-05-0${id.at(-1)} 10:00:00` }),
    ],
    postmeta: [meta(id, id, 'origin', 'theme')],
    terms: [term(`${id}1`, theme)],
    term_taxonomy: [place(`${id}2`, `${id}1`, 'wp_theme')],
    term_relationships: [relation(id, `${id}2`)],
  });
  const result = renumbered(old, made('7', 'theirs', 'Paper'), made('5008', 'ours', 'Paper'));
  expect(briefly(mergedOf(result).merged.items)).toEqual({
    'wp_template:7': { code: 'BOTH_CHANGED', fields: ['post_content', 'post_date'] },
  });
  const { merged } = mergedOf(result, { take: 'clone' });
  expect(written(merged.items, 'posts')).toMatchObject([{ ID: '7', post_content: 'ours' }]);
  const fates = (theme: string, type?: string) =>
    briefly(
      mergedOf(renumbered(old, made('7', 'theirs', 'Paper', type), made('5008', 'ours', theme, type))).merged.items,
    );
  expect(fates('Wood')).toMatchObject({ 'wp_template:5008': { code: 'NAME_TAKEN' } });
  expect(fates('Paper', 'page')).toMatchObject({ 'page:5008': { code: 'NAME_TAKEN' } });
});
