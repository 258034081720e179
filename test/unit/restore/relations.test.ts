import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { objectsOf } from '../../../src/restore/merge/relations.ts';
import { briefly, outcomes, page, written, type Site } from '../../support/three-ways.ts';

const term = (id: string, taxonomy: string, slug: string) => ({
  terms: [{ term_id: id, name: slug, slug }],
  term_taxonomy: [{ term_taxonomy_id: id, term_id: id, taxonomy, parent: '0', count: '0' }],
});
const together = (...sites: Site[]): Site => ({
  terms: sites.flatMap(({ terms = [] }) => terms),
  term_taxonomy: sites.flatMap(({ term_taxonomy = [] }) => term_taxonomy),
});
const related = (site: Site, ...pairs: (readonly [object: string, term: string])[]): Site => ({
  ...site,
  term_relationships: pairs.map(([object_id, term_taxonomy_id]) => ({ object_id, term_taxonomy_id, term_order: '0' })),
});

it('a thing has one of what there is one of: two that both sides gave it are for a person to decide', () => {
  const formats = together(term('5', 'post_format', 'a'), term('6', 'post_format', 'b'), term('7', 'post_format', 'c'));
  const site = (format: string): Site => ({ posts: [page()], ...related(formats, ['2', format]) });
  const [base, live, clone] = [site('5'), site('6'), site('7')];
  expect(briefly(outcomes(base, live, clone))).toEqual({ 'page:2': { code: 'BOTH_CHANGED', fields: ['post_format'] } });
  const [taken] = outcomes(base, live, clone, { take: 'clone' });
  const relations = taken?.writes.map(({ part, rows }) => [part.key, rows.length]);
  expect(relations).toEqual([
    [expect.stringMatching(/2.*7/), 1],
    [expect.stringMatching(/2.*6/), 0],
  ]);
  expect(outcomes(base, live, clone, { take: 'live' }).flatMap(({ writes }) => writes)).toEqual([]);
  // Of one side alone it is no question.
  expect(briefly(outcomes(base, base, clone))).toEqual({ 'page:2': 'changed' });
  expect(outcomes(base, live, base)).toEqual([]);
});

it('of other words both sides may give it as many as they like', () => {
  const words = together(term('5', 'category', 'a'), term('6', 'category', 'b'), term('7', 'category', 'c'));
  const site = (word: string): Site => ({ posts: [page()], ...related(words, ['2', word]) });
  expect(briefly(outcomes(site('5'), site('6'), site('7')))).toEqual({ 'page:2': 'changed' });
});

it('the language of a term goes with the term, whatever post has that number', () => {
  const language = term('5', 'term_language', 'pll_de');
  const site = (name: string, ...pairs: [string, string][]): Site => ({
    posts: [page()],
    ...related(together(language, term('2', 'category', name)), ...pairs),
  });
  const items = outcomes(site('news'), site('news'), site('neues', ['2', '5']));
  expect(briefly(items)).toEqual({ 'term:2': 'changed' });
  expect(written(items, 'term_relationships')).toHaveLength(1);
});

it('what is no word of posts is not counted as one', () => {
  const settle = join(import.meta.dirname, '../../../templates/migrator/includes/write/settle.php');
  const list = /^const NOT_OF_POSTS = array\((.*)\);$/m.exec(readFileSync(settle, 'utf8'))?.[1] ?? '';
  const names = [...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name);
  expect(names).toHaveLength(3);
  expect(names.map((name) => objectsOf(name))).not.toContain('posts');
});
