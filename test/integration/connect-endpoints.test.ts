import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { connectSource } from '../../src/site/connect/connect.ts';
import type { Connection } from '../../src/site/connect/types.ts';
import { unescapeField } from '../../src/transfer/rewrite/rows.ts';
import { asAdmin, connectDeps } from '../support/connecting.ts';
import { collectRows, never, readOf, testClient } from '../support/migrator.ts';
import type { Source } from '../support/source/index.ts';
import { sourcesOfFile } from '../support/source-test.ts';
import { failureOf } from '../support/work.ts';

const { start, behind } = sourcesOfFile();

/** Reads the posts over a connection; resolves to how many rows came. */
async function rowsOver({ access, info }: Connection): Promise<number> {
  const client = testClient(access);
  const posts = info.tables.filter(({ name }) => name === 'wp_posts').map(readOf);
  const rows = await collectRows(client.rows(posts, never));
  await client.close();
  return (rows.get('wp_posts') ?? Buffer.alloc(0)).toString('latin1').split('\n').length - 1;
}

const countPosts = async (source: Source): Promise<number> => (await source.query('SELECT ID FROM wp_posts')).length;

describe('signed requests go to what runs WordPress', () => {
  test('when a static page lies before it', async () => {
    const source = await start({ nginx: 'location = / { index index.html; }' });
    writeFileSync(join(source.docroot, 'index.html'), '<!doctype html><title>Welcome</title>Parked by your host');
    const connection = await connectSource(asAdmin(source), connectDeps());
    expect(connection.access).toMatchObject({ url: source.url, endpoint: `${source.url}/index.php` });
    expect(await rowsOver(connection)).toBe(await countPosts(source));
  });

  test.each([
    ['refuses', 'return 403;'],
    ['redirects elsewhere', 'return 302 https://elsewhere.invalid/;'],
  ])('when a firewall %s what is posted to the front page', async (_, rule) => {
    const source = await start({
      nginx: `set $posted $request_method$request_uri; if ($posted = "POST/") { ${rule} }`,
    });
    const connection = await connectSource(asAdmin(source), connectDeps());
    expect(connection.access.endpoint).toBe(`${source.url}/index.php`);
  });

  test('when nothing but the administration may be posted to', async () => {
    const source = await start({
      nginx: 'set $posted $request_method$uri; if ($posted ~ "^POST/(index.php)?$") { return 403; }',
    });
    const connection = await connectSource(asAdmin(source), connectDeps());
    expect(connection.access.endpoint).toBe(`${source.url}/wp-admin/admin-ajax.php`);
    expect(await rowsOver(connection)).toBe(await countPosts(source));
  });

  test('when admin-ajax.php is closed, which is where keys are given otherwise', async () => {
    const source = await start({ nginx: 'location = /wp-admin/admin-ajax.php { return 403; }' });
    const connection = await connectSource(asAdmin(source), connectDeps());
    expect(connection.access.endpoint).toBe(`${source.url}/`);
    expect(await rowsOver(connection)).toBe(await countPosts(source));
  });

  test('when its front end is on another host', async () => {
    const headless = `<?php remove_action( 'template_redirect', 'redirect_canonical' ); add_filter( 'redirect_canonical', '__return_false' );`;
    const source = await start({ muPlugins: { 'headless.php': headless } });
    await source.query("UPDATE wp_options SET option_value = 'http://front-end.invalid' WHERE option_name = 'home'");
    const connection = await connectSource(asAdmin(source), connectDeps());
    expect(connection).toMatchObject({
      access: { url: source.url, endpoint: `${source.url}/` },
      info: { home: 'http://front-end.invalid', siteurl: source.url },
    });
  });
});

test('visitors that are sent to a front end on another host leave WordPress where it is', async () => {
  const away = `<?php add_action( 'template_redirect', function () { wp_redirect( 'https://front-end.invalid' . $_SERVER['REQUEST_URI'] ); exit; }, 1 );`;
  const source = await start({ muPlugins: { 'away.php': away } });
  const connection = await connectSource(asAdmin(source), connectDeps());
  expect(connection).toMatchObject({ access: { url: source.url }, info: { siteurl: source.url } });
  // Asked for by another name than its own, it is the other one that is right.
  await source.query(
    "UPDATE wp_options SET option_value = 'https://front-end.invalid' WHERE option_name IN ('home', 'siteurl')",
  );
  const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
  expect(error.code).toBe('REDIRECTED_ELSEWHERE');
  expect(error.message).toContain('sends visitors elsewhere, to https://front-end.invalid');
});

describe('what stands between', () => {
  test('may drop headers that it does not know', async () => {
    const source = await start();
    const wall = await behind(source, { drop: /^x-/ });
    const connection = await connectSource(asAdmin(source, { url: wall.url }), connectDeps());
    expect(await rowsOver(connection)).toBe(await countPosts(source));
  });

  test('may refuse words in what is sent: there are none', async () => {
    const source = await start();
    const words = /\.htaccess|config\.php|package\.json|wp-content|select|tables|files|op/i;
    const wall = await behind(source, {
      judge: ({ method, url, body }) => {
        const signed = method === 'POST' && !url.includes('wp-admin') && !url.includes('wp-login');
        return signed && words.test(body.toString().replace('wpclone=', '')) ? { status: 403, body: 'No.' } : undefined;
      },
    });
    const connection = await connectSource(asAdmin(source, { url: wall.url }), connectDeps());
    expect(connection.access.endpoint).toBe(`${wall.url}/`);
    expect(await rowsOver(connection)).toBe(await countPosts(source));
  });

  test('may pack what comes back, twice, saying so or not', async () => {
    const source = await start();
    let round = 0;
    const wall = await behind(source, {
      change: (answer) => {
        round += 1;
        const body = gzipSync(gzipSync(Buffer.from(answer.body)));
        const said = round % 2 === 0 ? {} : { 'content-encoding': 'gzip, gzip' };
        return { ...answer, headers: { ...answer.headers, ...said }, body };
      },
    });
    const connection = await connectSource(asAdmin(source, { url: wall.url }), connectDeps());
    expect(await rowsOver(connection)).toBe(await countPosts(source));
  });

  test('may let no more than a megabyte through', async () => {
    const source = await start();
    await source.query('CREATE TABLE wp_big (id INT PRIMARY KEY, t LONGTEXT)');
    await source.query("INSERT INTO wp_big SELECT seq, REPEAT(CONCAT('text ', seq), 100) FROM seq_1_to_9000");
    const wall = await behind(source, { cap: 1 << 20 });
    const { access, info } = await connectSource(asAdmin(source, { url: wall.url }), connectDeps());
    const failures: string[] = [];
    const client = testClient(access, { retry: (message) => failures.push(message) });
    const rows = await collectRows(client.rows(info.tables.filter(({ name }) => name === 'wp_big').map(readOf), never));
    await client.close();
    expect(String(rows.get('wp_big')).split('\n')).toHaveLength(9001);
    // What two answers show is enough.
    expect(failures.length).toBeLessThanOrEqual(2);
  });

  test('may let no more than a megabyte through where one row has five of them, that nothing makes smaller', async () => {
    const source = await start();
    await source.query('CREATE TABLE wp_giant (id INT PRIMARY KEY, t LONGBLOB)');
    await source.query(
      `SET STATEMENT group_concat_max_len = 100000000 FOR
       INSERT INTO wp_giant SELECT 1, GROUP_CONCAT(UNHEX(SHA2(seq, 512)) SEPARATOR '') FROM seq_1_to_80000`,
    );
    await source.query("INSERT INTO wp_giant VALUES (2, 'small')");
    const [stored] = await source.query('SELECT LENGTH(t) AS length, SHA2(t, 256) AS sum FROM wp_giant WHERE id = 1');
    expect(Number(stored?.['length'])).toBe(5_120_000);
    const wall = await behind(source, { cap: 1 << 20 });
    const { access, info } = await connectSource(asAdmin(source, { url: wall.url }), connectDeps());
    const failures: string[] = [];
    const client = testClient(access, { retry: (message) => failures.push(message) });
    const rows = await collectRows(
      client.rows(info.tables.filter(({ name }) => name === 'wp_giant').map(readOf), never),
    );
    await client.close();
    const [giant = '', small] = String(rows.get('wp_giant')?.toString('latin1')).split('\n');
    const bytes = Buffer.from(unescapeField(giant.slice(2)), 'latin1');
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(stored?.['sum']);
    expect(small).toBe('2\tsmall');
    expect(failures.length).toBeLessThanOrEqual(2);
  });
});

test('an output buffer of the site that cannot be taken away and changes bytes does no harm', async () => {
  const minifier = `<?php ob_start( function ( $html ) { return preg_replace( '/>\\s+</', '><', str_replace( array( 'http://', "\\n", 'wp_posts' ), array( 'HTTP://', '', 'x' ), $html ) ); }, 0, 0 );`;
  const source = await start({ muPlugins: { 'minifier.php': `${minifier} ?>` } });
  const connection = await connectSource(asAdmin(source), connectDeps());
  expect(connection.info.home).toBe(source.url);
  expect(await rowsOver(connection)).toBe(await countPosts(source));
});
