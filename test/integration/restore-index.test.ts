import { afterAll, beforeAll, expect, it } from 'vitest';
import { undoApplied } from '../../src/restore/write/write.ts';
import { never, pair } from '../support/migrator.ts';
import { makeRestorable, type Restorable } from '../support/restorable.ts';
import { writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';

let source: Source;
let site: Restorable;

/** As Yoast SEO makes its entries: of a page, by its address. */
const INDEX = `function index_page( $id ) {
  global $wpdb;
  $address = get_permalink( $id );
  $entry = array( 'object_type' => 'post', 'object_id' => $id, 'permalink' => $address, 'permalink_hash' => strlen( $address ) . ':' . md5( $address ) );
  $old = $wpdb->get_var( $wpdb->prepare( 'SELECT id FROM wp_yoast_indexable WHERE object_id = %d', $id ) );
  null === $old ? $wpdb->insert( 'wp_yoast_indexable', $entry ) : $wpdb->update( 'wp_yoast_indexable', $entry, array( 'id' => $old ) );
}`;

beforeAll(async () => {
  source = await startSource();
  await source.query(
    'CREATE TABLE wp_yoast_indexable (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, permalink LONGTEXT NULL, permalink_hash VARCHAR(40) NULL, object_id BIGINT NULL, object_type VARCHAR(32) NOT NULL, KEY permalink_hash (permalink_hash, object_type)) ENGINE=InnoDB',
  );
  await source.php(
    `global $wp_rewrite; $wp_rewrite->set_permalink_structure( '/%postname%/' ); ${INDEX} foreach ( get_posts( array( 'post_type' => 'page', 'numberposts' => -1 ) ) as $page ) { index_page( $page->ID ); }`,
  );
  site = await makeRestorable(source, 'index');
}, 180_000);
afterAll(async () => {
  await site.close();
  await source.stop();
});

/** Entries whose hash is none of their address, and how many there are. */
const index = () =>
  source.query(
    "SELECT COUNT(*) AS entries, SUM(permalink_hash <> CONCAT(LENGTH(permalink), ':', MD5(permalink))) AS strange, SUM(permalink LIKE '%/our-%') AS ours FROM wp_yoast_indexable",
  );

it('the entry of a page in the index of an SEO plugin is found by the page’s address at the live site, of a new page and of a moved one', async () => {
  const [before] = await index();
  await site.php(
    `${INDEX} index_page( wp_insert_post( array( 'post_type' => 'page', 'post_title' => 'Ours', 'post_name' => 'our-new', 'post_status' => 'publish' ) ) ); $moved = get_page_by_path( 'sample-page' )->ID; wp_update_post( array( 'ID' => $moved, 'post_name' => 'our-moved' ) ); index_page( $moved );`,
  );
  const { key } = await site.apply(await site.plan());
  expect(await index()).toEqual([{ entries: Number(before?.['entries']) + 1, strange: '0', ours: '2' }]);
  await undoApplied(writeClient(await pair(source), key), undefined, never);
  expect(await index()).toEqual([before]);
});
