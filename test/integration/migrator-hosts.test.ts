import { lookup } from 'node:dns';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceAccess } from '../../src/site/access.ts';
import { collectFiles, collectRows, installMigrator, never, readOf, testClient } from '../support/migrator.ts';
import { startMariadb } from '../support/mariadb.ts';
import { startSource, type Source } from '../support/source/index.ts';

/** Every site looks as if it were far away, though all are here: what is far is sent deflated. */
const farAway = (): Agent =>
  new Agent({
    connect: {
      lookup: (_name, options, callback) => lookup('127.0.0.1', options, callback),
    },
  });

async function readEverything(access: SourceAccess, deps: Parameters<typeof testClient>[1] = {}) {
  const client = testClient(access, deps);
  const info = await client.info(never);
  const rows = await collectRows(
    client.rows(info.tables.filter(({ name }) => !name.endsWith('options')).map(readOf), never),
  );
  const files = [];
  for await (const entries of client.manifest(
    { roots: info.roots.map(({ id }) => id), exclude: ['wp-includes/js'] },
    never,
  ))
    files.push(...entries.filter(({ kind }) => kind === 'file'));
  const bodies = await collectFiles(client.files(files, never));
  await client.close();
  const failed = [...bodies].filter(([, { failed: why }]) => why !== undefined);
  return { info, rows, count: files.length, received: bodies.size, failed };
}

const FILL = [
  'CREATE TABLE wp_big (id INT PRIMARY KEY, t LONGTEXT)',
  "INSERT INTO wp_big SELECT seq, REPEAT(CONCAT('text ', seq, '\\n'), 100) FROM seq_1_to_40000",
  "INSERT INTO wp_big VALUES (0, REPEAT('g', 20000000))",
];

describe('a host that gets in the way', () => {
  let source: Source;
  let access: SourceAccess;
  beforeAll(async () => {
    source = await startSource({
      ini: {
        memory_limit: '40M',
        max_execution_time: '3',
        disable_functions: 'set_time_limit,openssl_digest,apache_setenv',
        'zlib.output_compression': '1',
        output_buffering: '4096',
        display_errors: '1',
        error_reporting: '-1',
      },
      muPlugins: {
        'noise.php': `<?php if ( PHP_SAPI !== 'cli' ) { echo "\\xEF\\xBB\\xBF\\n<b>Notice</b>: something\\n"; if ( isset( $_GET['sent'] ) ) { ob_flush(); flush(); } ob_start( function ( $text ) { return strrev( $text ); } ); ob_start(); }`,
        'talks-at-the-end.php':
          "<?php register_shutdown_function( function () { if ( PHP_SAPI !== 'cli' ) { echo '<!-- cached -->'; } } );",
      },
      plugins: {
        'aaa/aaa.php':
          "<?php /* Plugin Name: aaa */ if ( PHP_SAPI !== 'cli' ) { ob_start( function ( $text ) { return strtoupper( $text ); } ); }",
      },
      nginx: 'gzip on; gzip_types *; gzip_min_length 1;',
    });
    for (const sql of FILL) await source.query(sql);
    access = await installMigrator(source);
  });
  afterAll(() => source.stop());

  it('with buffers, filters, noise, 40 MB of memory and three seconds is read all the same', async () => {
    const { rows, count, received, failed } = await readEverything(access);
    const expected = await source.query(
      'SELECT SUM(LENGTH(t)) AS bytes, SUM(LENGTH(t) - LENGTH(REPLACE(t, "\\n", ""))) AS breaks FROM wp_big',
    );
    const big = rows.get('wp_big') ?? Buffer.alloc(0);
    const text = big
      .toString('latin1')
      .split('\n')
      .slice(0, -1)
      .map((line) => line.slice(line.indexOf('\t') + 1));
    expect(text).toHaveLength(40_001);
    expect(text.reduce((sum, line) => sum + line.length, 0)).toBe(
      Number(expected[0]?.['bytes']) + Number(expected[0]?.['breaks']),
    );
    expect({ received, failed }).toEqual({ received: count, failed: [] });
  });

  it('that has sent something before the plugin could is understood, also when the plugin refuses', async () => {
    const noisy = { ...access, endpoint: `${access.endpoint}?sent=1` };
    const client = testClient(noisy);
    await expect(client.info(never)).resolves.toMatchObject({ protocol: 2 });
    await client.close();
    const stranger = testClient({ ...noisy, keyId: '0123456789abcdef' });
    await expect(stranger.info(never)).rejects.toMatchObject({ code: 'SIGNATURE_REFUSED' });
    await stranger.close();
  });
});

describe('a site far away', () => {
  let source: Source;
  let access: SourceAccess;
  beforeAll(async () => {
    source = await startSource();
    for (const sql of FILL) await source.query(sql);
    access = await installMigrator(source);
  });
  afterAll(() => source.stop());

  it('sends the same, deflated', async () => {
    const near = await readEverything(access);
    const dispatcher = farAway();
    const far = await readEverything(
      { ...access, endpoint: access.endpoint.replace('127.0.0.1', 'far.example') },
      { dispatcher },
    );
    await dispatcher.destroy();
    expect([...far.rows.keys()]).toEqual([...near.rows.keys()]);
    for (const [name, rows] of near.rows)
      expect({ name, same: far.rows.get(name)?.equals(rows) }).toEqual({ name, same: true });
    expect(far.failed).toEqual([]);
    expect(far.received).toBe(far.count);
  });
});

describe('a site that limits requests', () => {
  it('is read within its limit', async () => {
    // So few that a slow machine reaches the limit too.
    const source = await startSource({ rateLimit: { perMinute: 30, burst: 1 } });
    try {
      const waits: string[] = [];
      const { count, received } = await readEverything(await installMigrator(source), {
        retry: (message) => waits.push(message),
        sleep: (milliseconds) => delay(milliseconds / 10),
      });
      expect(received).toBe(count);
      expect(waits.every((message) => message.includes('limits the number of requests'))).toBe(true);
      expect(waits.length).toBeGreaterThan(0);
    } finally {
      await source.stop();
    }
  });
});

describe('a database server', () => {
  it('that stops whoever looks at many rows, and takes not all settings of a session, is read all the same', async () => {
    // As a strict server it refuses a wait of 600 seconds, and with it all that is set by the same statement.
    const refusing = ['--maximum-net-write-timeout=60', '--sql-mode=STRICT_ALL_TABLES'];
    const mariadb = await startMariadb({ settings: ['--max-join-size=1000', ...refusing] });
    const source = await startSource({ posts: 1, mariadb });
    try {
      await mariadb.script(
        `SET SQL_BIG_SELECTS = 1; CREATE TABLE wp_keyless (t int); INSERT INTO wp_keyless SELECT seq FROM seq_1_to_3000;`,
        source.database.name,
      );
      const { rows } = await readEverything(await installMigrator(source));
      expect(rows.get('wp_keyless')?.toString().trim().split('\n')).toHaveLength(3000);
    } finally {
      await source.stop();
      await mariadb.stop();
    }
  });

  it('of another kind, which a drop-in brings, is told of at once', async () => {
    const source = await startSource({ posts: 1 });
    try {
      const access = await installMigrator(source);
      writeFileSync(
        join(source.content, 'mu-plugins/other.php'),
        `<?php if ( PHP_SAPI !== 'cli' ) { class Acme_SQLite {} class Acme_DB extends wpdb { public $real; public function __construct( $real ) { foreach ( get_object_vars( $real ) as $k => $v ) { $this->$k = $v; } $this->real = $real; $this->dbh = new Acme_SQLite(); }
          public function query( $sql ) { $n = $this->real->query( $sql ); $this->last_result = $this->real->last_result; $this->insert_id = $this->real->insert_id; return $n; }
          public function update( $table, $data, $where, $format = null, $where_format = null ) { return $this->real->update( $table, $data, $where ); }
          public function _real_escape( $d ) { return $this->real->_real_escape( $d ); } }
        $GLOBALS['wpdb'] = new Acme_DB( $GLOBALS['wpdb'] ); }`,
      );
      const client = testClient(access);
      await expect(client.info(never)).rejects.toMatchObject({ code: 'SOURCE_FAILED', retryable: false, message: expect.stringContaining('Acme_SQLite') }); // prettier-ignore
      await client.close();
    } finally {
      await source.stop();
    }
  });
});
