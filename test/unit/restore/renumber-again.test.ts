import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyOfItem, type TableDifferences } from '../../../src/restore/merge/types.ts';
import { mergedOf, meta, page, renumbered } from '../../support/renumbering.ts';
import { afterwards, briefly, SHAPES, threeWays, written, type Site } from '../../support/three-ways.ts';

describe('what belongs to something that got another number', () => {
  const term = (term_id: string, name: string) => ({ term_id, name, slug: name.toLowerCase() });
  const tag = (id: string, term_id: string) => ({ term_taxonomy_id: id, term_id, taxonomy: 'post_tag', parent: '0', count: '0' }); // prettier-ignore
  const tagged = (id: string) => ({ object_id: '3', term_taxonomy_id: id, term_order: '0' });
  const old = { posts: [page('3', 'Old')] };

  it('is not taken for what belongs to another thing and says the same', () => {
    const live = { ...old, terms: [term('60', 'Sea'), term('61', 'Sky')], term_taxonomy: [tag('60', '60'), tag('61', '61')] }; // prettier-ignore
    const clone = { ...old, terms: [term('60', 'Red')], term_taxonomy: [tag('60', '60')], term_relationships: [tagged('60')] }; // prettier-ignore
    const result = renumbered(old, live, clone);
    const { merged } = mergedOf(result);
    expect(briefly(merged.items)).toEqual({ 'term:2000': 'new', 'page:3': 'changed' });
    expect(written(merged.items, 'term_relationships')).toEqual([tagged('2000')]);
    expect(written(merged.items, 'term_taxonomy')).toEqual([tag('2000', '2000')]);
    const there = { ...old, terms: [...live.terms, term('2000', 'Red')], term_taxonomy: [...live.term_taxonomy, tag('2000', '2000')], term_relationships: [tagged('2000')] }; // prettier-ignore
    expect(briefly(mergedOf(renumbered(old, there, clone)).merged.items)).toEqual({});
  });

  it('is known again where it has kept its own number', () => {
    const comment = (comment_post_ID: string) => ({ comment_ID: '5', comment_post_ID, comment_parent: '0', comment_content: 'x', comment_type: '', user_id: '0' }); // prettier-ignore
    const clone = { posts: [page('812', 'Ours'), page('900', 'Sub', { post_parent: '812' })], comments: [comment('812')], terms: [term('60', 'Red')], term_taxonomy: [tag('70', '60')] }; // prettier-ignore
    const there = {
      posts: [page('812', 'Theirs'), page('2000', 'Ours'), page('900', 'Sub', { post_parent: '2000' })],
      comments: [comment('2000')],
      terms: [term('60', 'Sea'), term('2000', 'Red')],
      term_taxonomy: [tag('60', '60'), tag('70', '2000')],
    };
    expect(briefly(mergedOf(renumbered({}, there, clone)).merged.items)).toEqual({});
  });
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
        page(id, `${side} ${letter(id)}`, { post_parent: parent, post_date: `20${id}-0${side.length}-01 00:00:00`, post_content: `<img class="wp-image-${picture}">` })),
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

const siteOf = (contents: ReadonlyMap<string, readonly (readonly (string | null)[])[]>): Site =>
  Object.fromEntries(
    Object.entries(SHAPES).map(([short, { columns }]) => [
      short,
      [...contents].flatMap(([key, rows]) =>
        key.startsWith(`${short} `)
          ? rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at] ?? ''])))
          : [],
      ),
    ]),
  );

it('whatever both sides added, all of both is there afterwards, means what it meant, and comes no second time', () => {
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
      const again = mergedOf(renumbered(base, siteOf(afterwards(result.tables, merged)), plain(clone)));
      expect(briefly(again.merged.items)).toEqual({});
    }),
    { numRuns: 300 },
  );
});
