import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Plan } from '../../src/restore/plan/schema.ts';
import { undoApplied } from '../../src/restore/write/write.ts';
import { never, pair } from '../support/migrator.ts';
import { fatesOf, makeRestorable, type Restorable } from '../support/restorable.ts';
import { optionOf, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';

/** Bytes of a table without a key that is too large to be held whole: sixteen rows of a megabyte, and one more. */
const HEAP = 17;

let source: Source;
let site: Restorable;
beforeAll(async () => {
  source = await startSource();
  for (const sql of [
    'CREATE TABLE wp_wc_orders (id BIGINT UNSIGNED PRIMARY KEY, status VARCHAR(20), total DECIMAL(26,8))',
    'CREATE TABLE wp_wc_orders_meta (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, order_id BIGINT UNSIGNED, meta_key VARCHAR(50), meta_value TEXT)',
    'CREATE TABLE wp_heap (line LONGTEXT) CHARSET utf8mb4',
    `INSERT INTO wp_heap SELECT REPEAT(CHAR(64 + seq), 1048576) FROM seq_1_to_${HEAP}`,
    'CREATE TABLE wp_made (id INT PRIMARY KEY, a INT NOT NULL, twice INT AS (a * 2) STORED)',
    'INSERT INTO wp_made (id, a) VALUES (1, 1), (2, 2)',
    'CREATE TABLE wp_old (id INT PRIMARY KEY, a VARCHAR(20)) ENGINE=MyISAM',
    "INSERT INTO wp_old VALUES (1, 'one'), (2, 'two')",
    'CREATE TABLE wp_child (id INT PRIMARY KEY, made INT NOT NULL, CONSTRAINT of_made FOREIGN KEY (made) REFERENCES wp_made (id))',
    'INSERT INTO wp_child VALUES (1, 1)',
    'CREATE VIEW wp_shown AS SELECT id, twice FROM wp_made',
    `INSERT INTO wp_options (option_name, option_value) VALUES ('broken', 'a:1:{s:1:"x";s:999:"${source.url}/one";}')`,
  ])
    await source.query(sql);
  site = await makeRestorable(source, 'cases');
}, 180_000);
afterAll(async () => {
  await site.close();
  await source.stop();
});

/** A post with two values, as a shop keeps orders; in a shop with tables of its own its place among posts. */
async function order(id: number, type: 'shop_order' | 'shop_order_placehold'): Promise<void> {
  await source.query(
    `INSERT INTO wp_posts (ID, post_type, post_status, post_title, post_content, post_excerpt, to_ping, pinged, post_content_filtered) VALUES (${id}, '${type}', 'wc-processing', 'Order', '', '', '', '', '')`,
  );
  await source.query(
    `INSERT INTO wp_postmeta (post_id, meta_key, meta_value) VALUES (${id}, '_order_total', '1.50'), (${id}, '_key', 'k')`,
  );
  if (type === 'shop_order') return;
  await source.query(`INSERT INTO wp_wc_orders VALUES (${id}, 'wc-processing', 1.5)`);
  await source.query(`INSERT INTO wp_wc_orders_meta (order_id, meta_key, meta_value) VALUES (${id}, 'note', 'n')`);
}

const orders = async () =>
  Promise.all(
    [
      "SELECT * FROM wp_posts WHERE post_type LIKE 'shop_order%' ORDER BY ID",
      "SELECT m.* FROM wp_postmeta m JOIN wp_posts p ON p.ID = m.post_id WHERE p.post_type LIKE 'shop_order%' ORDER BY meta_id",
      'SELECT * FROM wp_wc_orders ORDER BY id',
      'SELECT * FROM wp_wc_orders_meta ORDER BY id',
    ].map((sql) => source.query(sql)),
  );

/** By the numbers that the server gives tables as they are made. */
const tableNumbers = () =>
  source.mariadb.query(
    `SELECT NAME AS name, TABLE_ID AS id FROM information_schema.INNODB_SYS_TABLES WHERE NAME LIKE '${source.database.name}/wp\\_%' AND NAME NOT LIKE '%wpclone%' ORDER BY 1`,
  );
const fates = ({ items }: Plan): Record<string, string> => fatesOf(items);
const undo = async ({ key }: { key: Parameters<typeof writeClient>[1] }) =>
  undoApplied(writeClient(await pair(source), key), undefined, never);

it('orders of the meantime stay to the byte, and so does what comes between plan and apply; no table of the site is replaced by another', async () => {
  await site.sql("UPDATE wp_posts SET post_title = 'Ours' WHERE ID = 2");
  for (let at = 0; at < 14; at++) await order(60_000 + at, at % 2 === 0 ? 'shop_order' : 'shop_order_placehold');
  const plan = await site.plan();
  expect(plan.conflicts).toBe(0);
  expect(plan.meanwhile.map(({ new: fresh }) => fresh)).toContain(14);
  await order(60_100, 'shop_order');
  await order(60_101, 'shop_order_placehold');
  await source.query(
    "INSERT INTO wp_comments (comment_post_ID, comment_author, comment_content) VALUES (2, 'Ann', 'since')",
  );
  await source.query("INSERT INTO wp_users (user_login, user_email) VALUES ('since', 'since@site.example')");
  const [before, numbers] = [await orders(), await tableNumbers()];
  const applied = await site.apply(plan);
  expect(applied.applied.receipt.state).toBe('applied');
  expect(await source.query('SELECT post_title AS t FROM wp_posts WHERE ID = 2')).toEqual([{ t: 'Ours' }]);
  expect([await orders(), await tableNumbers()]).toEqual([before, numbers]);
  expect(await undo(applied)).toMatchObject({ state: 'undone' });
  expect([await orders(), await tableNumbers()]).toEqual([before, numbers]);
  const since = await source.query(
    "SELECT (SELECT COUNT(*) FROM wp_comments WHERE comment_content = 'since') + (SELECT COUNT(*) FROM wp_users WHERE user_login = 'since') AS n",
  );
  expect(since).toMatchObject([{ n: 2 }]);
});

it('a number of something new is right wherever a plugin has hidden it, and a broken value is made no worse', async () => {
  const id = Number(
    await site.php(
      `$id = wp_insert_post( array( 'post_type' => 'page', 'post_title' => 'Hidden', 'post_status' => 'publish' ) );
       update_option( 'builder', array( 'layout' => wp_json_encode( array( 'blocks' => array( array( 'page' => $id, 'again' => serialize( array( $id ) ) ) ) ) ) ) ); echo $id;`,
    ),
  );
  await site.sql(
    `UPDATE wp_options SET option_value = REPLACE(option_value, '/one', '/another') WHERE option_name = 'broken'`,
  );
  const policy = { only: ['option:builder', 'option:broken', `page:${id}`] };
  const applied = await site.apply(await site.plan(policy), policy);
  const said = await source.php(
    `$layout = json_decode( get_option( 'builder' )['layout'], true )['blocks'][0]; echo wp_json_encode( array( get_the_title( $layout['page'] ), unserialize( $layout['again'] ) === array( $layout['page'] ) ) );`,
  );
  expect(JSON.parse(said)).toEqual(['Hidden', true]);
  expect(await optionOf(source, 'broken')).toBe(`a:1:{s:1:"x";s:999:"${source.url}/another";}`);
  expect(await undo(applied)).toMatchObject({ state: 'undone' });
});

it('tables of every kind get the right rows, or are a conflict of the plan that says why', async () => {
  await site.sql(
    'UPDATE wp_made SET a = 5 WHERE id = 2',
    "UPDATE wp_old SET a = 'new' WHERE id = 2",
    'INSERT INTO wp_child VALUES (2, 2)',
    "UPDATE wp_heap SET line = 'short' WHERE line LIKE 'A%'",
  );
  const policy = { only: ['tables'] };
  const plan = await site.plan(policy);
  const heap = plan.items.find(({ id }) => id === 'row:heap');
  expect(fates({ ...plan, items: plan.items.filter(({ kept }) => !kept) })).toEqual({
    'row:made/2': 'changed',
    'row:old/2': 'changed',
    'row:child/2': 'new',
    'row:heap': 'NOT_COMPARABLE',
  });
  expect(heap?.conflict?.message).toContain('too large to be compared');
  const decided = { ...policy, take: 'live' as const };
  const applied = await site.apply(await site.plan(decided), decided);
  const shown = async () => [
    await source.query('SELECT id, twice FROM wp_shown ORDER BY 1'),
    await source.query('SELECT a FROM wp_old ORDER BY id'),
    await source.query('SELECT made FROM wp_child ORDER BY id'),
    await source.query('SELECT COUNT(*) AS n, SUM(LENGTH(line)) AS bytes FROM wp_heap'),
  ];
  const whole = [expect.objectContaining({ n: HEAP })];
  expect(await shown()).toEqual([
    [{ id: 1, twice: 2 }, { id: 2, twice: 10 }],
    [{ a: 'one' }, { a: 'new' }],
    [{ made: 1 }, { made: 2 }],
    whole,
  ]); // prettier-ignore
  expect(await undo(applied)).toMatchObject({ state: 'undone', kept: [] });
  expect(await shown()).toEqual([
    [{ id: 1, twice: 2 }, { id: 2, twice: 4 }],
    [{ a: 'one' }, { a: 'two' }],
    [{ made: 1 }],
    whole,
  ]); // prettier-ignore
});
