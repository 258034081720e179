import { expect } from 'vitest';
import { probe, probeBoth } from '../../support/probe.ts';
import type { Situation } from '../../support/situation.ts';

/** Tables that a plugin or an agency made without the site's prefix, beside those of another WordPress. */
export const situation: Situation = {
  promise: 'tables without the prefix come along when the site needs them or they are asked for; the others are named',
  source: {
    muPlugins: probe(
      "array( $wpdb->get_var( 'SELECT total FROM wp_acme_totals' ), $wpdb->get_var( 'SELECT COUNT(*) FROM acme_extra' ), is_int( wp_insert_post( array( 'post_title' => 'x', 'post_status' => 'draft' ) ) ), $wpdb->get_var( 'SELECT COUNT(*) > 0 FROM acme_log' ) )",
    ),
  },
  plant: ({ mariadb, database, url }) =>
    mariadb.script(
      `CREATE TABLE acme_orders (id bigint unsigned auto_increment primary key, url varchar(255), total decimal(10,2)) DEFAULT CHARSET=utf8mb4;
       INSERT INTO acme_orders (url, total) VALUES ('${url}/order/1', 10.50), ('${url}/order/2', 20.00);
       CREATE TABLE acme_log (id bigint auto_increment primary key, what varchar(64), at datetime default current_timestamp);
       CREATE TABLE acme_extra (id int primary key); INSERT INTO acme_extra VALUES (1), (2);
       CREATE TABLE acme_parent (id int primary key); CREATE TABLE wp_acme_child (id int primary key, p int, FOREIGN KEY (p) REFERENCES acme_parent (id));
       CREATE TABLE acme_alone (id int primary key); CREATE VIEW acme_view AS SELECT 1 AS one;
       CREATE TABLE blog_options (id int primary key); CREATE TABLE blog_posts (id int primary key); CREATE TABLE blog_postmeta (id int primary key);
       CREATE VIEW wp_acme_totals AS SELECT sum(total) AS total FROM acme_orders;
       CREATE FUNCTION acme_double(n INT) RETURNS INT DETERMINISTIC RETURN n*2;
       CREATE VIEW wp_acme_twice AS SELECT acme_double(ID) AS twice FROM wp_posts;
       CREATE TRIGGER wp_acme_log AFTER INSERT ON wp_posts FOR EACH ROW INSERT INTO acme_log (what) VALUES (CONCAT('post ', NEW.ID, EXTRACT(DAY FROM NOW())));
       CREATE TRIGGER wp_acme_gone AFTER DELETE ON wp_posts FOR EACH ROW INSERT INTO blog_posts SELECT OLD.ID;`,
      database.name,
    ),
  args: ['--include-table', 'acme_ex*', '--include-table', 'nothing_*'],
  check: async (made) => {
    const { source, clone } = await probeBoth(made);
    expect(clone).toBe(source);
    const said = made.clone().warnings.map(({ code, message }) => `${code} ${message}`);
    expect(said.toSorted()).toEqual([
      'DATABASE_FEATURE_DROPPED The function acme_double was left out.',
      'DATABASE_FEATURE_DROPPED The trigger wp_acme_gone left out: it uses blog_posts, not in the clone.',
      expect.stringMatching(/^DATABASE_FEATURE_DROPPED The view wp_acme_twice left out: .*acme_double/),
      'INCLUDE_UNMATCHED No table without the prefix of the site is called nothing_*.',
      'TABLES_WITHOUT_PREFIX Left out, because they have not the prefix wp_: acme_alone, acme_view. --include-table copies those that the site needs.',
    ]);
  },
};
