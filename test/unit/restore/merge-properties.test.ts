import fc from 'fast-check';
import { expect, it } from 'vitest';
import { broughtBy, sinceBrought } from '../../../src/restore/merge/brought.ts';
import { merge } from '../../../src/restore/merge/merge.ts';
import { contentOf, partsOf, tableOf, type Part } from '../../../src/restore/merge/parts.ts';
import { keyOfItem, type TableDifferences } from '../../../src/restore/merge/types.ts';
import { afterwards, contents, policy, threeWays, type Site } from '../../support/three-ways.ts';

const few = fc.constantFrom('1', '2', '3');
const text = fc.constantFrom('a', 'b', 'c');
const unique = <T extends Record<string, string>>(row: fc.Arbitrary<T>, by: (row: T) => string) =>
  fc.uniqueArray(row, { selector: by, maxLength: 4 });

/** A small site, so that two of them often touch the same thing. */
const site: fc.Arbitrary<Site> = fc.record({
  options: unique(
    fc.record({ option_id: few, option_name: fc.constantFrom('blogname', 'home', 'x'), option_value: text, autoload: fc.constant('yes') }),
    (row) => row.option_name,
  ).map((rows) => rows.map((row, index) => ({ ...row, option_id: String(index) }))),
  posts: unique(
    fc.record({
      ID: few, post_author: fc.constant('0'), post_title: text, post_content: text, post_status: fc.constant('publish'),
      post_name: text, post_parent: fc.constant('0'), post_type: fc.constantFrom('page', 'shop_order'),
      post_modified: text, comment_count: few,
    }),
    (row) => row.ID,
  ),
  postmeta: fc
    .array(fc.record({ post_id: few, meta_key: fc.constantFrom('color', '_edit_lock'), meta_value: text }), { maxLength: 5 })
    .map((rows) => rows.map((row, index) => ({ ...row, meta_id: String(index) }))),
  forms: unique(fc.record({ slug: text, body: text }), (row) => row.slug),
  plain: fc.array(fc.record({ a: text, b: fc.constant('') }), { maxLength: 4 }),
})
  .map(({ postmeta, ...rest }) => ({ ...rest, postmeta: postmeta.filter((row) => rest.posts.some(({ ID }) => ID === row.post_id)) })); // prettier-ignore

const parts = (tables: readonly TableDifferences[]): Part[] =>
  tables.flatMap((each) => partsOf(tableOf(each), each.rows));
const nameOf = (part: Part): string => `${part.table.short} ${part.key}`;
const isLock = (part: Part): boolean => part.key.includes('_edit_lock');
const says = (part: Part, rows: Part['live'] | undefined): string => contentOf(part.table, rows ?? []);

it('never loses an edit of the live site that the clone did not make too, unless the person takes the side of who deleted it', () => {
  fc.assert(
    fc.property(
      site,
      site,
      site,
      fc.constantFrom(undefined, 'live', 'clone'),
      fc.boolean(),
      (base, live, clone, take, gone) => {
        const tables = threeWays(base, live, clone);
        const result = afterwards(tables, merge(tables, policy({ take, delete: gone })));
        const lost = parts(tables)
          .filter((part) => !(gone && (take === 'clone' || isLock(part))))
          .filter(
            (part) =>
              says(part, part.clone) === says(part, part.base) && says(part, part.live) !== says(part, part.base),
          )
          .filter((part) => says(part, result.get(nameOf(part))) !== says(part, part.live));
        expect(lost).toEqual([]);
      },
    ),
    { numRuns: 400 },
  );
});

it('takes over or tells of each change of the clone, never neither and never both', () => {
  fc.assert(
    fc.property(site, site, site, fc.boolean(), (base, live, clone, gone) => {
      const tables = threeWays(base, live, clone);
      const merged = merge(tables, policy({ delete: gone }));
      const told = new Map(merged.items.flatMap((item) => item.parts.map((part) => [nameOf(part), item] as const)));
      const result = afterwards(tables, merged);
      const changed = parts(tables).filter(
        (part) => says(part, part.clone) !== says(part, part.base) && says(part, part.clone) !== says(part, part.live),
      );
      expect(changed.filter((part) => !told.has(nameOf(part)))).toEqual([]);
      const held = merged.items.filter((item) => item.conflict !== undefined || item.kept !== undefined);
      expect(held.filter(({ writes }) => writes.length > 0)).toEqual([]);
      const free = changed.filter((part) => !held.some((item) => item === told.get(nameOf(part))));
      const alone = free.filter((part) => says(part, part.live) === says(part, part.base));
      expect(alone.filter((part) => says(part, result.get(nameOf(part))) !== says(part, part.clone))).toEqual([]);
    }),
    { numRuns: 400 },
  );
});

it('deletes nothing unless that is asked for, and no row of the live site’s own in any case', () => {
  fc.assert(
    fc.property(site, site, site, fc.boolean(), (base, live, clone, gone) => {
      const tables = threeWays(base, live, clone);
      const result = afterwards(tables, merge(tables, policy({ delete: gone })));
      const fewer = parts(tables)
        .filter(({ table, base: was }) => table.short !== 'postmeta' && (!gone || was.length === 0))
        .filter((part) => (result.get(nameOf(part))?.length ?? 0) < part.live.length);
      expect(fewer).toEqual([]);
    }),
    { numRuns: 400 },
  );
});

it('makes a live site that stood still what the clone is, but for what never travels', () => {
  fc.assert(
    fc.property(site, site, (base, clone) => {
      const tables = threeWays(base, base, clone);
      const merged = merge(tables, policy({ delete: true, include: new Set(['orders', 'address', 'machine']) }));
      expect(merged.items.filter(({ conflict }) => conflict)).toEqual([]);
      const result = afterwards(tables, merged);
      for (const part of parts(tables)) expect(says(part, result.get(nameOf(part)))).toBe(says(part, part.clone));
    }),
    { numRuns: 300 },
  );
});

it('makes it that again after each further edit in the clone, and does nothing where there was none', () => {
  fc.assert(
    fc.property(site, site, site, (base, first, second) => {
      const wants = policy({ delete: true, include: new Set(['orders', 'address', 'machine']) });
      const before = threeWays(base, base, first);
      const merged = merge(before, wants);
      const notes = broughtBy(merged.items, () => false);
      const left = afterwards(before, merged);
      const since = (clone: Site): TableDifferences[] =>
        threeWays(base, {}, clone).map((table) => {
          const of = [...left].filter(([name]) => name.startsWith(`${tableOf(table).short} `));
          return { ...table, rows: [...table.rows, ...of.flatMap(([, rows]) => rows.map((live) => ({ live })))] };
        });
      expect(merge(sinceBrought(since(first), notes), wants)).toEqual({ items: [], meanwhile: [] });
      const tables = sinceBrought(since(second), notes);
      const again = merge(tables, wants);
      expect(again.items.filter(({ conflict }) => conflict)).toEqual([]);
      const result = afterwards(tables, again);
      for (const part of parts(tables)) expect(says(part, result.get(nameOf(part)))).toBe(says(part, part.clone));
    }),
    { numRuns: 300 },
  );
});

it('says and does nothing where the clone stood still, or did what the live site did', () => {
  fc.assert(
    fc.property(site, site, (base, other) => {
      expect(merge(threeWays(base, other, base), policy()).items).toEqual([]);
      expect(merge(threeWays(base, other, other), policy()).items).toEqual([]);
    }),
  );
});

it('sees the same conflicts whichever side is which', () => {
  const conflicts = (base: Site, live: Site, clone: Site): string[] =>
    merge(threeWays(base, live, clone), policy())
      .items.filter(({ conflict }) => conflict?.code === 'BOTH_CHANGED')
      .map(({ item }) => keyOfItem(item))
      .toSorted();
  fc.assert(
    fc.property(site, site, site, (base, one, other) => {
      const rows = ({ options = [], forms = [] }: Site): Site => ({ options, forms });
      expect(conflicts(rows(base), rows(one), rows(other))).toEqual(conflicts(rows(base), rows(other), rows(one)));
    }),
  );
});

it('leaves the live site as it is where its side is taken', () => {
  fc.assert(
    fc.property(site, site, site, (base, live, clone) => {
      const tables = threeWays(base, live, clone);
      const merged = merge(tables, policy({ take: 'live' }));
      expect(merged.items.filter(({ conflict }) => conflict)).toEqual([]);
      const held = new Set(merged.items.filter(({ kept }) => kept).flatMap((item) => item.parts.map(nameOf)));
      const [before, after] = [contents(tables, 'live'), afterwards(tables, merged)];
      for (const name of held) expect(after.get(name)).toEqual(before.get(name));
    }),
  );
});
