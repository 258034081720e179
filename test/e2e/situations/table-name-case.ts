import { expect } from 'vitest';
import { probe, probeBoth } from '../../support/probe.ts';
import type { Situation } from '../../support/situation.ts';

const COUNT = 'SELECT COUNT(*) FROM';

/** A server that keeps the names of tables in lower case, under a site and plugins that spell them with capitals. */
export const situation: Situation = {
  promise: 'tables whose names the server keeps in lower case are called in the clone what the site calls them',
  databaseSettings: ['--lower-case-table-names=1'],
  source: {
    tablePrefix: 'Shop_',
    muPlugins: {
      'acme.php': "<?php $GLOBALS['wpdb']->acme_orders = $GLOBALS['wpdb']->prefix . 'Acme_Orders';",
      ...probe(
        `array( $wpdb->get_results( 'SELECT * FROM Shop_acme_titles ORDER BY 1, 2', ARRAY_A ), is_int( wp_insert_post( array( 'post_title' => 'x', 'post_status' => 'draft' ) ) ), $wpdb->get_var( '${COUNT} Shop_acme_log' ) > 0, $wpdb->get_var( '${COUNT} acme_extra' ), $wpdb->get_var( "${COUNT} $wpdb->acme_orders" ), $wpdb->get_var( '${COUNT} information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()' ), $wpdb->get_var( "${COUNT} $wpdb->options WHERE option_name LIKE 'wpclone%secret%'" ), $wpdb->last_error )`,
      ),
    },
  },
  plant: ({ mariadb, database }) =>
    mariadb.script(
      `CREATE TABLE Shop_Acme_Orders (id int primary key); INSERT INTO shop_acme_orders VALUES (1), (2);
       CREATE TABLE Shop_acme_log (id bigint auto_increment primary key, what varchar(64));
       CREATE TABLE Acme_Extra (id int primary key); INSERT INTO Acme_Extra VALUES (1);
       CREATE TABLE Shop_acme_child (id int primary key, o int, e int, FOREIGN KEY (o) REFERENCES Shop_Acme_Orders (id), FOREIGN KEY (e) REFERENCES Acme_EXTRA (id));
       CREATE VIEW SHOP_acme_titles AS SELECT shop_posts.post_title AS \`SHOP_Posts\`, m.meta_key FROM Shop_Posts JOIN shop_postmeta m ON m.post_id = Shop_Posts.ID;
       CREATE TRIGGER acme_log AFTER INSERT ON SHOP_posts FOR EACH ROW INSERT INTO SHOP_Acme_log (what) SELECT shop_posts.post_title FROM \`shop_posts\`, ACME_extra LIMIT 1;`,
      database.name,
    ),
  check: async (made) => {
    const { source, clone } = await probeBoth(made);
    expect(clone).toBe(source);
    expect(made.clone().warnings).toEqual([
      { code: 'TABLE_NAME_CASE', message: expect.stringContaining('does not tell upper from lower case') },
    ]);
  },
};
