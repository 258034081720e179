import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Plan } from '../../src/restore/plan/schema.ts';
import { fatesOf, makeRestorable, type Restorable } from '../support/restorable.ts';
import { startSource, type Source } from '../support/source/index.ts';

/** What kept the address of the site in the clone, since with the clone's it would be there twice, goes back like anything else. */
let source: Source;
let site: Restorable;
let http: string;
let https: string;

beforeAll(async () => {
  source = await startSource();
  http = source.url;
  https = http.replace('http:', 'https:');
  for (const sql of [
    'CREATE TABLE wp_known (id int PRIMARY KEY AUTO_INCREMENT, url varchar(200) NOT NULL UNIQUE, note text, hits int)',
    `INSERT INTO wp_known (url, note, hits) VALUES ('${https}/a', '${https}/note', 1), ('${http}/a', '${http}/note', 2), ('${http}/b', 'x', 3)`,
    'CREATE TABLE wp_by_url (url varchar(200) PRIMARY KEY, hits int)',
    `INSERT INTO wp_by_url VALUES ('${http}/a', 1), ('${https}/a', 2), ('${https}/b', 3)`,
    `CREATE TABLE wp_lists (id int PRIMARY KEY AUTO_INCREMENT, scheme enum('${http}', '${https}') NOT NULL, hits int)`,
    `INSERT INTO wp_lists (scheme, hits) VALUES ('${http}', 1), ('${https}', 2)`,
  ])
    await source.query(sql);
  site = await makeRestorable(source, 'addresses');
}, 180_000);
afterAll(async () => {
  await site.close();
  await source.stop();
});

const fates = (plan: Plan): Record<string, string> => fatesOf(plan.items.filter(({ id }) => id.startsWith('row:')));

it('finds no change in rows that nobody changed, whatever else the live site wrote beside them', async () => {
  await source.query(`INSERT INTO wp_known (url, hits) VALUES ('${http}/live', 9)`);
  await source.query(`INSERT INTO wp_by_url VALUES ('${http}/live', 9)`);
  await source.query(`INSERT INTO wp_lists (scheme, hits) VALUES ('${https}', 9)`);
  expect(fates(await site.plan())).toEqual({});
});

it('brings back what was changed in such rows, to those very rows', async () => {
  expect(await site.sql('SELECT url FROM wp_known ORDER BY id')).toContain(`\n${http}/a\n`);
  await site.sql(
    'UPDATE wp_known SET hits = 20 WHERE id = 2',
    `UPDATE wp_by_url SET hits = 20 WHERE url = '${https}/a'`,
    'UPDATE wp_lists SET hits = 20 WHERE id = 2',
  );
  const plan = await site.plan();
  expect(Object.values(fates(plan))).toEqual(['changed', 'changed', 'changed']);
  await site.apply(plan);
  expect(await source.query('SELECT url, note, hits FROM wp_known ORDER BY id')).toEqual([
    { url: `${https}/a`, note: `${https}/note`, hits: 1 },
    { url: `${http}/a`, note: `${http}/note`, hits: 20 },
    { url: `${http}/b`, note: 'x', hits: 3 },
    { url: `${http}/live`, note: null, hits: 9 },
  ]);
  expect(await source.query('SELECT url, hits FROM wp_by_url ORDER BY hits, url')).toEqual([
    { url: `${http}/a`, hits: 1 },
    { url: `${https}/b`, hits: 3 },
    { url: `${http}/live`, hits: 9 },
    { url: `${https}/a`, hits: 20 },
  ]);
  expect(await source.query('SELECT scheme, hits FROM wp_lists ORDER BY id')).toEqual([
    { scheme: http, hits: 1 },
    { scheme: https, hits: 20 },
    { scheme: https, hits: 9 },
  ]);
});
