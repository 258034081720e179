import { expect } from 'vitest';
import { probe, probeBoth } from '../../support/probe.ts';
import type { Situation } from '../../support/situation.ts';

/** Every column type of MariaDB, and names, engines and definitions that are out of the ordinary. */
const TABLES = ['wp_types', 'wp_text', 'wp_od`d "n\'ame', 'wp-ключ', 'wp_order', 'wp_parted', 'wp_csv', 'wp_archive', 'wp_memory', 'wp_merge', 'wp_rows', 'wp_hidden', 'wp_view', 'wp_view_on_view']; // prettier-ignore

const quoted = (name: string): string => '`' + name.replaceAll('`', '``') + '`';

export const situation: Situation = {
  promise: 'the values of every column type are the same in the clone, but for the addresses',
  source: {
    tablePrefix: 'wp',
    muPlugins: {
      ...probe('acme_tables()'),
      'tables.php': `<?php function acme_tables() { global $wpdb; $found = array();
        foreach ( json_decode( base64_decode( '${Buffer.from(JSON.stringify(TABLES.map(quoted))).toString('base64')}' ) ) as $table ) {
          $columns = $wpdb->get_col( 'SHOW COLUMNS FROM ' . $table );
          $fields = array_map( function ( $c ) { return 'HEX(\`' . $c . '\`) AS \`h_' . $c . '\`, \`' . $c . '\`'; }, $columns );
          $rows = $wpdb->get_results( 'SELECT ' . implode( ', ', $fields ) . ' FROM ' . $table . ' ORDER BY 1, 3', ARRAY_A );
          $found[ $table ] = is_array( $rows ) ? array_map( function ( $r ) { ksort( $r ); return $r; }, $rows ) : $wpdb->last_error;
          $found[ $table ][] = $wpdb->last_error;
        } return $found; }`,
    },
  },
  plant: ({ mariadb, database, url }) => {
    const encoded = Buffer.from(`s:${Buffer.byteLength(`${url}/ü`)}:"${url}/ü";`).toString('hex');
    return mariadb.script(
      `SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00';
       CREATE TABLE wp_types (id bigint unsigned PRIMARY KEY, t tinyint, tu tinyint unsigned, s smallint zerofill, m mediumint, i int, b1 bit(1), b13 bit(13), b64 bit(64),
         f float, f72 float(7,2), d double, d52 double(5,2), n decimal(65,30), bo boolean, y year, da date, dt datetime, dt6 datetime(6), ts timestamp NULL, ts3 timestamp(3) NULL,
         ti time, ti6 time(6), u uuid, i4 inet4, i6 inet6, g geometry, p point, mp multipolygon, j json CHECK (json_valid(j)), bin binary(5), vb varbinary(40), tb tinyblob, bl blob, mb mediumblob, lb longblob,
         e enum('a','é','') CHARACTER SET latin1, st set('x','ü','z') CHARACTER SET utf8mb4, gv int AS (i + 1) VIRTUAL, gs varchar(20) AS (concat('n', i)) STORED);
       INSERT INTO wp_types (id, t, tu, s, m, i, b1, b13, b64, f, f72, d, d52, n, bo, y, da, dt, dt6, ts, ts3, ti, ti6, u, i4, i6, g, p, mp, j, bin, vb, tb, bl, mb, lb, e, st) VALUES
         (0, -128, 255, 7, -8388608, -2147483648, b'1', b'1010101010101', x'FFFFFFFFFFFFFFFF', 3.4028234e38, 12345.67, 1.7976931348623157e308, 999.99, '-99999999999999999999999999999999999.999999999999999999999999999999', 1, 1901, '0000-00-00', '0000-00-00 00:00:00', '9999-12-31 23:59:59.999999', '1970-01-01 00:00:01', '2038-01-19 03:14:07.999',
          '-838:59:59', '838:59:59.999999', '6ccd780c-baba-1026-9564-5b8c656024db', '255.255.255.255', 'fe80::1', ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0 0,1 1))'), POINT(-0.0,1e300), ST_GeomFromText('MULTIPOLYGON(((0 0,1 0,1 1,0 0)))'), '{"a":{},"b":[1.0,1e2]}',
          x'0001', x'5C090A0D00271A22', x'00', x'${encoded}', x'FF5C', x'5C6E5C745C', 'é', 'x,ü'),
         (1, 0, 0, 0, 0, 0, b'0', b'0', b'0', 0.1, 0.01, 0.1, -0.01, '0.000000000000000000000000000001', 0, 0, '2020-02-31', '2020-00-00 10:00:00', '2021-03-28 02:30:00.000001', NULL, NULL, '00:00:00', '-00:00:00.000001', '00000000-0000-0000-0000-000000000000', '0.0.0.0', '::', NULL, NULL, NULL, '[]', '', '', '', '', '', '', '', ''),
         (18446744073709551615, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 16777217, NULL, -0.0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
       CREATE TABLE wp_text (id int PRIMARY KEY, c char(10), v varchar(200), tt tinytext, t text, mt mediumtext, lt longtext, l1 varchar(200) CHARACTER SET latin1, a varchar(50) CHARACTER SET ascii, u16 text CHARACTER SET utf16,
         cb char(5) COLLATE utf8mb4_nopad_bin, vc text COMPRESSED, vi varchar(20) INVISIBLE DEFAULT 'seen');
       INSERT INTO wp_text VALUES (1, ' a ', '${url}/ü', 'x\\\\y\\'"', 'tab\\tnl\\ncr\\r', '', '🖖', x'E4F6FC80', 'a', '${url}/🖖', 'a ', 'compressed ${url}'), (2, '', NULL, NULL, '\\\\N', 'NULL', NULL, '', '', '', '', '');
       CREATE TABLE ${quoted(TABLES[2] ?? '')} (\`sel"ect\` int, \`a\`\`b\` varchar(20), \`1\` int, PRIMARY KEY (\`sel"ect\`)) COMMENT='it''s \\\\'; INSERT INTO ${quoted(TABLES[2] ?? '')} VALUES (1, 'x', 2);
       CREATE TABLE \`wp-ключ\` (id int PRIMARY KEY, \`größe ✓\` int); INSERT INTO \`wp-ключ\` VALUES (1, 2);
       CREATE TABLE wp_order (\`group\` int PRIMARY KEY, \`order\` int, KEY \`key\` (\`order\`)); INSERT INTO wp_order VALUES (1, 2);
       CREATE TABLE wp_parted (id int PRIMARY KEY, v int) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE); INSERT INTO wp_parted SELECT seq, seq FROM seq_1_to_30;
       CREATE TABLE wp_csv (id int NOT NULL, v varchar(20) NOT NULL) ENGINE=CSV; INSERT INTO wp_csv VALUES (1, 'a,"b'), (1, 'a,"b');
       CREATE TABLE wp_memory (id int PRIMARY KEY, v varchar(20)) ENGINE=MEMORY; INSERT INTO wp_memory VALUES (1, 'x');
       CREATE TABLE wp_merge1 (id int NOT NULL, KEY (id)) ENGINE=MyISAM; INSERT INTO wp_merge1 VALUES (1), (2); CREATE TABLE wp_merge (id int NOT NULL, KEY (id)) ENGINE=MERGE UNION=(wp_merge1);
       CREATE TABLE wp_rows (id int PRIMARY KEY, v text) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8; INSERT INTO wp_rows VALUES (1, '${url}');
       CREATE TABLE wp_hidden (id int INVISIBLE AUTO_INCREMENT PRIMARY KEY, v int INVISIBLE DEFAULT 3, w int); INSERT INTO wp_hidden (w) VALUES (1), (2);
       CREATE VIEW wp_view AS SELECT id, v FROM wp_parted; CREATE VIEW wp_view_on_view AS SELECT SUM(v) AS total FROM wp_view;
       CREATE TABLE wp_archive (id int PRIMARY KEY, v text); INSERT INTO wp_archive VALUES (1, 'x');`,
      database.name,
    );
  },
  check: async (made) => {
    const { source, clone } = await probeBoth(made);
    const [from, to] = [made.source.url, made.clone().clone_url];
    const hexOf = (text: string): string => Buffer.from(text).toString('hex').toUpperCase();
    const plain = (text: string, url: string): string[] =>
      text.replaceAll(hexOf(url), 'HEX').replaceAll(Buffer.from(url, 'utf16le').swap16().toString('hex').toUpperCase(), 'HEX16').replaceAll(url, 'URL').replaceAll(/s:\d+:"/g, 's:N:"').replaceAll(/733A(3\d)+3A22/g, 's:N:"').split(';'); // prettier-ignore
    expect(plain(clone, to)).toEqual(plain(source, from));
    const codes = made.clone().warnings.map(({ code, message }) => `${code} ${message}`);
    expect(codes.filter((line) => line.startsWith('VALUES_REFUSED'))).toEqual([]);
  },
};
