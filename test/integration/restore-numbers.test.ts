import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Plan } from '../../src/restore/plan/schema.ts';
import { undoApplied } from '../../src/restore/write/write.ts';
import { never, pair } from '../support/migrator.ts';
import { makeRestorable, type Restorable } from '../support/restorable.ts';
import { writeClient } from '../support/restore.ts';
import { put } from '../support/restore-files.ts';
import { startSource, type Source } from '../support/source/index.ts';

/** Orders as a shop keeps them in tables of its own: each has the number of a post that holds its place. */
const SHOP = [
  'CREATE TABLE wp_wc_orders (id BIGINT UNSIGNED PRIMARY KEY, status VARCHAR(20), customer_id BIGINT UNSIGNED, total_amount DECIMAL(26,8))',
  'CREATE TABLE wp_wc_orders_meta (id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, order_id BIGINT UNSIGNED, meta_key VARCHAR(255), meta_value TEXT)',
  'CREATE TABLE wp_woocommerce_order_items (order_item_id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, order_item_name TEXT, order_item_type VARCHAR(200), order_id BIGINT UNSIGNED)',
  'CREATE TABLE wp_woocommerce_order_itemmeta (meta_id BIGINT UNSIGNED PRIMARY KEY AUTO_INCREMENT, order_item_id BIGINT UNSIGNED, meta_key VARCHAR(255), meta_value LONGTEXT)',
];

let source: Source;
let site: Restorable;

beforeAll(async () => {
  source = await startSource();
  await source.php('wp_mkdir_p( wp_upload_dir()["basedir"] );');
  for (const sql of SHOP) await source.query(sql);
  site = await makeRestorable(source);
  // The live site has given all numbers up to those that the clone gives.
  for (const table of ['posts', 'terms', 'term_taxonomy', 'comments', 'woocommerce_order_items']) {
    const next = await site.sql(
      `SELECT AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'wp_${table}'`,
    );
    await source.query(`ALTER TABLE wp_${table} AUTO_INCREMENT = ${Number(next)}`);
  }
}, 180_000);
afterAll(async () => {
  await site.close();
  await source.stop();
});

const going = ({ items }: Plan) => items.filter(({ conflict, kept }) => !conflict && !kept);
const conflictsIn = ({ items }: Plan) =>
  items.filter(({ conflict }) => conflict).map(({ id, conflict }) => [id, conflict?.message]);
const numberOf = (plan: Plan, title: string): number =>
  Number(
    going(plan)
      .find((item) => item.title === title)
      ?.id.split(':')[1],
  );

it('brings what has taken numbers under new ones, with all that refers to it, and undoes it by these', async () => {
  put(`${site.www}/wp-content/uploads`, '2031/05/rose.jpg', 'a rose');
  const here: Record<string, number> = JSON.parse(
    await site.php(`
      $image = wp_insert_attachment( array( 'post_title' => 'Rose', 'post_mime_type' => 'image/jpeg' ), wp_upload_dir()['basedir'] . '/2031/05/rose.jpg' );
      $page = wp_insert_post( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_title' => 'Garden', 'post_content' => '<!-- wp:image {"id":' . $image . '} --><img class="wp-image-' . $image . '" /><!-- /wp:image -->' ) );
      set_post_thumbnail( $page, $image );
      $child = wp_insert_post( array( 'post_type' => 'page', 'post_status' => 'publish', 'post_title' => 'Bed', 'post_parent' => $page, 'post_content' => 'a' ) );
      $menu = wp_create_nav_menu( 'Way' );
      wp_update_nav_menu_item( $menu, 0, array( 'menu-item-object-id' => $page, 'menu-item-object' => 'page', 'menu-item-type' => 'post_type', 'menu-item-status' => 'publish', 'menu-item-title' => 'Garden' ) );
      $term = wp_insert_term( 'Flowers', 'category' );
      wp_set_post_terms( 1, array( 1, $term['term_id'] ), 'category' );
      $comment = wp_insert_comment( array( 'comment_post_ID' => $page, 'comment_content' => 'Nice', 'comment_approved' => 1 ) );
      update_comment_meta( $comment, 'stars', 5 );
      update_option( 'page_on_front', $page );
      set_theme_mod( 'custom_logo', $image );
      echo json_encode( array( 'image' => $image, 'page' => $page, 'child' => $child, 'menu' => $menu, 'comment' => $comment ) );
    `),
  ) as Record<string, number>;
  await source.php(`
    for ( $n = 0; $n < 4; $n++ ) { wp_insert_post( array( 'post_type' => 'post', 'post_status' => 'publish', 'post_title' => "Theirs $n", 'post_date' => '2031-01-01 00:00:00', 'meta_input' => array( 'mood' => 'theirs' ) ) ); }
    wp_insert_term( 'Theirs', 'category' ); wp_insert_term( 'Others', 'post_tag' );
    wp_insert_comment( array( 'comment_post_ID' => 1, 'comment_content' => 'Theirs', 'comment_author' => 'Them', 'comment_approved' => 1 ) );
  `);
  const theirs = () =>
    source.query(
      `SELECT p.ID, p.post_title, p.post_parent, m.meta_key, m.meta_value FROM wp_posts p LEFT JOIN wp_postmeta m ON m.post_id = p.ID WHERE p.post_title LIKE 'Theirs%' ORDER BY p.ID, m.meta_id`,
    );
  const before = await theirs();
  expect(before.map(({ ID }) => Number(ID))).toContain(here['page']);

  const plan = await site.plan();
  expect(conflictsIn(plan)).toEqual([]);
  const page = numberOf(plan, 'Page "Garden"');
  expect(page).toBeGreaterThan(here['child']!);
  expect(going(plan).find(({ title }) => title === 'Page "Garden"')?.was).toBe(String(here['page']));
  expect(plan.notes).toEqual([expect.stringContaining(`Page "Garden" (${here['page']} → ${page})`)]);
  // Who asks for it by the number that they see in the clone gets it.
  const some = await site.plan({ only: [`page:${here['page']}`, `attachment:${here['image']}`] });
  expect(going(some).map(({ title }) => title)).toEqual(expect.arrayContaining(['Page "Garden"', 'File "Rose"']));

  const { key } = await site.apply(plan);
  const [shown] = await source.query(`SELECT post_content, post_status FROM wp_posts WHERE ID = ${page}`);
  const image = numberOf(plan, 'File "Rose"');
  expect(shown?.['post_content']).toBe(
    `<!-- wp:image {"id":${image}} --><img class="wp-image-${image}" /><!-- /wp:image -->`,
  );
  expect(
    JSON.parse(
      await source.php(`
        $items = wp_get_nav_menu_items( 'Way' );
        $flowers = get_term_by( 'name', 'Flowers', 'category' );
        $comments = get_comments( array( 'post_id' => ${page} ) );
        echo json_encode( array(
          'thumbnail' => get_post_thumbnail_id( ${page} ), 'file' => file_get_contents( get_attached_file( ${image} ) ),
          'child' => get_post( ${numberOf(plan, 'Page "Bed"')} )->post_parent,
          'item' => (int) $items[0]->object_id, 'url' => $items[0]->url === get_permalink( ${page} ),
          'flowers' => array( has_term( $flowers->term_id, 'category', 1 ), $flowers->count ),
          'comment' => array( $comments[0]->comment_content, get_comment_meta( $comments[0]->comment_ID, 'stars', true ), get_post( ${page} )->comment_count ),
          'front' => (int) get_option( 'page_on_front' ), 'logo' => (int) get_theme_mod( 'custom_logo' ),
        ) );
      `),
    ),
  ).toEqual({
    thumbnail: image,
    file: 'a rose',
    child: page,
    item: page,
    url: true,
    flowers: [true, 1],
    comment: ['Nice', '5', '1'],
    front: page,
    logo: image,
  });
  expect(await theirs()).toEqual(before);
  // It is known again: nothing is brought twice.
  expect(going(await site.plan())).toEqual([]);

  const undone = await undoApplied(writeClient(await pair(source), key), undefined, never);
  expect(undone).toMatchObject({ state: 'undone', kept: [] });
  expect(await source.query(`SELECT ID FROM wp_posts WHERE ID >= ${page}`)).toEqual([]);
  expect(await theirs()).toEqual(before);
  expect(going(await site.plan()).map(({ was }) => was)).toEqual(going(plan).map(({ was }) => was));
});

it('leaves a setting to people in which the number may stand for anything', async () => {
  const id = Number(await site.sql("SELECT ID FROM wp_posts WHERE post_title = 'Garden'"));
  await site.sql(`INSERT INTO wp_options (option_name, option_value) VALUES ('plugin_state', '{"which":${id}}')`);
  const plan = await site.plan();
  expect(plan.items.find(({ id: name }) => name === 'option:plugin_state')?.conflict?.code).toBe('NUMBER_TAKEN');
  expect(plan.tables.map(({ state }) => state)).not.toContain('rows-left-out');
  const decided = await site.plan({ decisions: { 'option:plugin_state': 'clone' } });
  expect(conflictsIn(decided)).toEqual([]);
  expect(decided.notes.join(' ')).toContain(`plugin_state goes as it is, with numbers of the clone`);
  await site.sql("DELETE FROM wp_options WHERE option_name = 'plugin_state'");
});

it('an order in a shop’s own tables goes with all of its rows under the number of its post', async () => {
  const order = async (ask: (sql: string) => Promise<unknown>, total: number, id: string, item: string) => {
    await ask(
      `INSERT INTO wp_posts (ID, post_type, post_status, post_title, post_content, post_excerpt, to_ping, pinged, post_content_filtered) VALUES (${id}, 'shop_order_placehold', 'draft', '', '', '', '', '', '')`,
    );
    await ask(`INSERT INTO wp_wc_orders VALUES (${id}, 'wc-processing', 0, ${total})`);
    await ask(`INSERT INTO wp_wc_orders_meta (order_id, meta_key, meta_value) VALUES (${id}, 'note', '${total}')`);
    await ask(`INSERT INTO wp_woocommerce_order_items VALUES (${item}, 'Tulip', 'line_item', ${id})`);
    await ask(
      `INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES (${item}, '_qty', '${total}')`,
    );
  };
  await order((sql) => site.sql(sql), 11, '90001', '90001');
  await order((sql) => source.query(sql), 22, '90001', '90001');
  const only = { only: ['orders'], include: ['orders' as const] };
  const plan = await site.plan(only);
  expect(conflictsIn(plan)).toEqual([]);
  const ids = going(plan).flatMap(({ id, was }) => (was === '90001' ? id.split(':') : []));
  expect(ids).toEqual(['order', ids[1]]);
  const { key } = await site.apply(plan, only);
  expect(
    await source.query(
      `SELECT o.id, o.total_amount + 0 AS total, m.meta_value AS note, q.meta_value AS qty, p.post_type AS type FROM wp_wc_orders o JOIN wp_posts p ON p.ID = o.id JOIN wp_wc_orders_meta m ON m.order_id = o.id JOIN wp_woocommerce_order_items i ON i.order_id = o.id JOIN wp_woocommerce_order_itemmeta q ON q.order_item_id = i.order_item_id ORDER BY o.id`,
    ),
  ).toMatchObject([
    { note: '22', qty: '22', type: 'shop_order_placehold' },
    { note: '11', qty: '11', type: 'shop_order_placehold' },
  ]);
  await undoApplied(writeClient(await pair(source), key), undefined, never);
  expect(await source.query('SELECT id FROM wp_wc_orders')).toMatchObject([{ id: 90001 }]);
});
