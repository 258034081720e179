import { expect } from 'vitest';
import { probe, probeBoth } from '../../support/probe.ts';
import type { Situation } from '../../support/situation.ts';

/** Types whose text is not what the server stores, old rows beside the current ones, and sequences. */
export const situation: Situation = {
  promise: 'UUIDs and IP addresses keep their value, versioned tables come along, and a sequence is named',
  source: {
    muPlugins: probe(
      "array( $wpdb->get_results( 'SELECT * FROM wp_acme_uuid ORDER BY t', ARRAY_N ), $wpdb->get_results( 'SELECT * FROM wp_acme_versioned', ARRAY_N ), $wpdb->get_var( 'SELECT COUNT(*) FROM wp_acme_many' ) )",
    ),
  },
  plant: ({ mariadb, database }) =>
    mariadb.script(
      `CREATE TABLE wp_acme_uuid (id uuid NOT NULL PRIMARY KEY, ip inet6, v4 inet4, t text);
       INSERT INTO wp_acme_uuid VALUES (uuid(), '::1', '10.0.0.1', 'a'), (uuid(), '::ffff:10.0.0.1', NULL, 'b'), ('00000000-0000-0000-0000-000000000000', NULL, '0.0.0.0', 'c');
       CREATE TABLE wp_acme_many (id uuid NOT NULL, ip inet6 NOT NULL, PRIMARY KEY (id, ip));
       INSERT INTO wp_acme_many SELECT uuid(), '2001:db8::1' FROM seq_1_to_3000;
       CREATE TABLE wp_acme_versioned (id int PRIMARY KEY, t varchar(40)) WITH SYSTEM VERSIONING;
       INSERT INTO wp_acme_versioned VALUES (1, 'a'); UPDATE wp_acme_versioned SET t = 'b';
       CREATE SEQUENCE wp_acme_numbers;`,
      database.name,
    ),
  check: async (made) => {
    const { source, clone } = await probeBoth(made);
    expect(clone).toBe(source);
    const said = made.clone().warnings.map(({ message }) => message);
    expect(said).toEqual([
      'wp_acme_versioned: its current rows were copied, the history of them was left out.',
      'The sequence wp_acme_numbers was left out.',
    ]);
  },
};
