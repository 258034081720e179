import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CloneResult } from '../../src/operations/clone-report.ts';
import { commandLine } from '../support/cli.ts';
import { startMysql } from '../support/foreign/mysql.ts';
import type { Mariadb } from '../support/mariadb.ts';
import { startSource, type Source } from '../support/source/index.ts';

/** Tells what is in the tables, as the site's own PHP reads it. */
const TELL = `<?php add_action('init', function () { if (!isset($_GET['tell'])) return; global $wpdb; $out = array();
foreach ($wpdb->get_col("SHOW TABLES LIKE '%acme%'") as $t) {
  $columns = $t === 'wp_acme_place' ? 'id, HEX(place) AS place' : ($t === 'wp_acme_hidden' ? 'id, seen, unseen' : ($t === 'wp_acme_default' ? 'id, made, HEX(tag) AS tag' : '*'));
  if ($t === 'wp_acme_hidden') $out['shown'] = $wpdb->get_results("SELECT * FROM $t", ARRAY_A);
  $out[$t] = $wpdb->get_results("SELECT $columns FROM $t ORDER BY 1", ARRAY_A);
}
$out['posts'] = $wpdb->get_var("SELECT COUNT(*) FROM $wpdb->posts"); wp_send_json($out); });`;

const tell = async (url: string): Promise<unknown> => (await request(`${url}/?tell=1`)).body.json();

const cli = commandLine();
let mysql: Mariadb;
let source: Source;

beforeAll(async () => {
  mysql = await startMysql();
  source = await startSource({ host: '127.0.0.111', mariadb: mysql, muPlugins: { 'tell.php': TELL } });
});
afterAll(async () => {
  await cli.stop();
  await source?.stop();
  await mysql?.stop();
});

describe('a site on Oracle’s MySQL', () => {
  it('is cloned with definitions that MariaDB does not know, each left out or mapped with a word', async () => {
    // What the manual of MySQL 8 has and MariaDB has not: collations, expression keys, invisible columns, functional defaults.
    await mysql.script(
      `CREATE TABLE wp_acme_bin (id INT PRIMARY KEY, word VARCHAR(20) COLLATE utf8mb4_0900_bin, UNIQUE (word));
       INSERT INTO wp_acme_bin VALUES (1, 'a'), (2, 'a ');
       CREATE TABLE wp_acme_expression (id INT PRIMARY KEY, word VARCHAR(20), KEY low ((lower(word))));
       INSERT INTO wp_acme_expression VALUES (1, 'A');
       CREATE TABLE wp_acme_default (id INT PRIMARY KEY, made JSON DEFAULT (JSON_OBJECT('a', 1)),
         tag BINARY(16) DEFAULT (UUID_TO_BIN(UUID())));
       INSERT INTO wp_acme_default (id) VALUES (1), (2);
       CREATE TABLE wp_acme_check (id INT PRIMARY KEY, word VARCHAR(20), CHECK (REGEXP_LIKE(word, '^[a-z]+$', 'c')));
       INSERT INTO wp_acme_check VALUES (1, 'abc');
       CREATE TABLE wp_acme_unforced (id INT PRIMARY KEY, n INT, CONSTRAINT few CHECK (n < 10) NOT ENFORCED, KEY off (n) INVISIBLE);
       INSERT INTO wp_acme_unforced VALUES (1, 99);
       CREATE TABLE wp_acme_hidden (id INT PRIMARY KEY, seen INT, unseen INT DEFAULT 3 INVISIBLE);
       INSERT INTO wp_acme_hidden (id, seen, unseen) VALUES (1, 2, 4);
       CREATE TABLE wp_acme_place (id INT PRIMARY KEY, place POINT NOT NULL SRID 4326);
       INSERT INTO wp_acme_place VALUES (1, ST_SRID(POINT(1, 2), 4326));`,
      source.database.name,
    );
    const made = await cli.json<CloneResult>(
      ['clone', source.url, '-u', source.adminUser, '--password-file', '-', '--name', 'mysql'],
      { input: `${source.adminPassword}\n` },
    );
    const tables = await source.query(
      `SELECT table_name AS name FROM information_schema.tables WHERE table_schema = '${source.database.name}'`,
    );
    expect(made.transferred?.tables).toBe(tables.length);
    expect(await tell(made.clone_url)).toEqual(await tell(source.url));
    const dropped = made.warnings
      .filter(({ code }) => code === 'DATABASE_FEATURE_DROPPED')
      .map(({ message }) => message);
    for (const clause of ['CHECK ((`n` < 10)) NOT ENFORCED', 'SRID 4326', 'wp_acme_unforced: INVISIBLE'])
      expect(dropped).toContainEqual(expect.stringContaining(`${clause} left out`));
    const mapped = made.warnings.filter(({ code }) => code === 'COLLATION_MAPPED').map(({ message }) => message);
    expect(new Set(mapped).size).toBe(mapped.length);
  });
});
