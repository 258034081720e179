import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TableInfo } from '../../../src/site/info.ts';
import { databaseError } from '../../../src/transfer/database/errors.ts';
import { planGroups } from '../../../src/transfer/database/groups.ts';
import { selectTables, skippedColumns } from '../../../src/transfer/database/select.ts';
import { createProgress } from '../../../src/transfer/progress.ts';
import { collectWarnings, escapedName } from '../../../src/transfer/warnings.ts';
import { siteInfo } from '../../support/site-info.ts';

const table = (name: string, dataBytes = 0): TableInfo => ({
  name,
  engine: 'InnoDB',
  rows: 0,
  dataBytes,
  definition: '',
  columns: [],
  key: ['id'],
});
const select = (...tables: TableInfo[]) => tables.map((info) => ({ info, empty: false, other: false }));
const names = (groups: ReturnType<typeof planGroups>): string[][] =>
  groups.map((group) => group.map(({ info }) => info.name));

test('only the site’s own tables are chosen; globs match with the prefix or without', () => {
  const info = siteInfo({
    tables: ['wp_posts', 'wp_log_a', 'wp_shop_posts', 'other', 'WP_MixedCase', 'wp_posts'].map((name) => table(name)),
    otherPrefixes: ['wp_shop_'],
  });
  expect(selectTables(info, ['log_*', 'wp_post?']).map(({ info: { name }, empty }) => [name, empty])).toEqual([
    ['wp_posts', true],
    ['wp_log_a', true],
    ['WP_MixedCase', false],
  ]);
});

test('skipped columns are counted without the generated ones', () => {
  const column = (name: string, generated = false) => ({ name, type: 'text', charset: null, generated });
  const posts = {
    ...table('wp_posts'),
    columns: [column('ID'), column('g', true), column('guid'), column('post_title')],
  };
  expect([...skippedColumns(posts, 'wp_')]).toEqual([1]);
  for (const name of ['wp_other', 'wp_constructor', 'wp___proto__'])
    expect([...skippedColumns({ ...posts, name }, 'wp_')]).toEqual([]);
});

test('every table is in exactly one group', () => {
  const tables = fc.uniqueArray(
    fc.constantFrom('posts', 'postmeta', 'users', 'usermeta', 'options', 'terms', 'wc_orders', 'x', 'y'),
  );
  fc.assert(
    fc.property(
      tables,
      fc.array(fc.nat(1e9), { minLength: 9, maxLength: 9 }),
      fc.integer({ min: 1, max: 4 }),
      (chosen, sizes, streams) => {
        const groups = names(
          planGroups(select(...chosen.map((name, index) => table(`wp_${name}`, sizes[index]))), 'wp_', streams),
        );
        expect(groups.flat().toSorted()).toEqual(chosen.map((name) => `wp_${name}`).toSorted());
        expect(groups.length).toBeLessThanOrEqual(streams);
      },
    ),
  );
});

test('tables that belong together stay together unless that would make one stream the slow one', () => {
  const small = names(
    planGroups(select(table('wp_posts', 1e6), table('wp_postmeta', 1e6), table('wp_big', 9e6)), 'wp_', 2),
  );
  expect(small).toContainEqual(['wp_posts', 'wp_postmeta']);
  const large = names(
    planGroups(select(table('wp_posts', 9e7), table('wp_postmeta', 8e7), table('wp_options', 1e5)), 'wp_', 2),
  );
  expect(large.filter((group) => group.includes('wp_posts') && group.includes('wp_postmeta'))).toEqual([]);
});

test.each([
  [{ errno: 1114, message: "The table 'wp_posts' is full" }, 'DISK_FULL', false],
  [{ errno: 1021, message: 'Disk full' }, 'DISK_FULL', false],
  [{ errno: 1153, message: 'packet' }, 'ROW_TOO_LARGE', false],
  [{ errno: 1273, message: 'collation' }, 'COLLATION_UNKNOWN', false],
  [{ errno: 1118, message: 'row size' }, 'DATABASE_FEATURE_MISSING', false],
  [{ errno: 1213, message: 'deadlock' }, 'DATABASE_FAILED', true],
  [{ code: 'ECONNRESET', message: 'read ECONNRESET' }, 'DATABASE_FAILED', true],
  [{ code: 'PROTOCOL_CONNECTION_LOST', message: 'closed' }, 'DATABASE_FAILED', true],
  [{ errno: 4078, message: 'something else' }, 'TABLE_FAILED', false],
])('%o is %s, to be tried again: %s', (fields, code, retryable) => {
  expect(databaseError(Object.assign(new Error(fields.message), fields), 'Loading', 'wp_posts')).toMatchObject({
    code,
    retryable,
    details: { table: 'wp_posts' },
  });
});

test('progress is told at most ten times a second, and the last of it always', () => {
  const told: number[] = [];
  let now = 0;
  let rows = 0;
  const progress = createProgress(
    (counters) => told.push(counters.rows ?? -1),
    () => ({ rows }),
    () => now,
  );
  for (; now < 1000; now += 1) {
    rows += 1;
    progress.tick();
  }
  progress.flush();
  expect(told).toHaveLength(11);
  expect(told.at(-1)).toBe(1000);
});

test('warnings are bounded per code and names in them are safe to print', () => {
  const warnings = collectWarnings();
  for (let index = 0; index < 25; index += 1) warnings.add('FILE_UNREADABLE', `f${index}`);
  warnings.add('SYMLINK_OUTSIDE', 'link');
  expect(
    warnings
      .list()
      .map(({ message }) => message)
      .slice(-3),
  ).toEqual(['f19', 'link', '… and 5 more like these.']);
  expect(escapedName('a\n\u001b[31m"b"')).toBe('a\\n\\u001b[31m"b"');
  expect(escapedName('x'.repeat(5000)).length).toBeLessThan(250);
});
