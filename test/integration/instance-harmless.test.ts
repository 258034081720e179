import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { copyClone, type CopiedClone } from '../support/copied-clone.ts';
import { openTestHome, type TestHome } from '../support/local-runtime.ts';
import { startSource, type Source } from '../support/source/index.ts';

let home: TestHome;
let source: Source;
let clone: CopiedClone;
let outside: Server;
let outsideUrl: string;
let reached = 0;

beforeAll(async () => {
  process.env['WPCLONE_TEST_SECRET'] = 'of the caller';
  outside = createServer((_request, response) => {
    reached += 1;
    response.end('reached');
  }).listen(0, '127.0.0.1');
  await once(outside, 'listening');
  const address = outside.address();
  outsideUrl = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
  home = openTestHome();
  source = await startSource({ posts: 3 });
  clone = await copyClone(home, source);
});

afterAll(async () => {
  delete process.env['WPCLONE_TEST_SECRET'];
  await Promise.all([home.close(), source.stop()]);
  outside.close();
});

const caught = () => clone.instance.operations.listMail(new AbortController().signal);

describe('mail', () => {
  test('wp_mail is caught and readable', async () => {
    const sent = await clone.php(
      `var_dump(wp_mail(['a@example.com', 'b@example.com'], 'Grüße', "Line 1\\nLine 2", ['X-One: 1', 'Cc: c@example.com']));`,
    );
    expect(sent).toContain('bool(true)');
    expect(await caught()).toMatchObject([
      {
        to: ['a@example.com', 'b@example.com'],
        subject: 'Grüße',
        headers: ['X-One: 1', 'Cc: c@example.com'],
        body: 'Line 1\nLine 2',
        at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:]{8}Z$/) as unknown,
      },
    ]);
  });

  test('a mail that WordPress sends by itself is caught', async () => {
    await clone.php(`retrieve_password('${source.adminUser}');`);
    expect((await caught()).at(-1)?.subject).toContain('Password Reset');
  });

  test("PHP's mail() is caught", async () => {
    await clone.php(`mail('d@example.com', '=?UTF-8?B?R3LDvMOfZQ==?=', 'body', "From: x@example.com\\r\\nX-Two: 2");`);
    expect((await caught()).at(-1)).toMatchObject({ to: ['d@example.com'], subject: 'Grüße', body: 'body\n' });
  });

  test('a program at a command line loads WordPress without our router, as WP-CLI does, and its mail is caught', async () => {
    const program = `$_SERVER['HTTP_HOST'] = 'localhost'; require 'wp-load.php'; remove_action('template_redirect', 'redirect_canonical'); do_action('template_redirect'); var_dump(wp_mail('e@example.com', 'From a program', 'body'));`;
    const { stdout } = await execa('php', ['-r', program], { cwd: home.paths(clone.id).www });
    expect(stdout).toContain('bool(true)');
    expect((await caught()).at(-1)?.subject).toBe('From a program');
  });

  test('a file that is no mail does not hide the others', async () => {
    const before = (await caught()).length;
    writeFileSync(join(home.paths(clone.id).mail, '0.json'), '{"id":');
    expect(await caught()).toHaveLength(before);
  });
});

describe('connections', () => {
  test("WordPress's HTTP functions do not reach another server, not even by way of a redirect", async () => {
    const answers = await clone.php(`
      add_action('init', function () {});
      foreach (['wp_remote_get', 'wp_remote_post', 'wp_remote_head'] as $function) {
        $answer = $function('${outsideUrl}/x');
        echo is_wp_error($answer) ? 'blocked ' : 'REACHED ';
      }`);
    expect(answers).toBe('blocked blocked blocked ');
    const redirected = await clone.php(`
      file_put_contents(ABSPATH . 'away.php', '<?php header("Location: ${outsideUrl}/y");');
      $answer = wp_remote_get(home_url('/away.php'));
      echo wp_remote_retrieve_response_code($answer);`);
    expect(redirected).toBe('302');
    expect(reached).toBe(0);
  });

  test.each([
    ['curl', `$h = curl_init('URL/c'); curl_setopt($h, CURLOPT_RETURNTRANSFER, true); var_dump(curl_exec($h));`],
    ['a stream', `var_dump(@file_get_contents('URL/f'));`],
    ['a command', `var_dump(shell_exec('curl -s URL/s') === 'reached');`],
  ])('%s does not reach another server', async (_name, code) => {
    const answer = await clone.php(code.replace('URL', outsideUrl));
    expect(answer).toMatch(/bool\(false\)/);
    expect(reached).toBe(0);
  });

  test('raw sockets and programs that speak find nobody there', async () => {
    const { hostname, port } = new URL(outsideUrl);
    const answer = await clone.php(
      `var_dump(@fsockopen('${hostname}', ${port}, $n, $e, 1), $n, @stream_socket_client('tcp://${hostname}:${port}', $n, $e, 1));
      try { fsockopen('${hostname}', ${port}); } catch (Throwable $e) { echo 'thrown'; }`,
    );
    expect(answer.match(/\S+\(\S+\)/g)).toEqual(['bool(false)', 'int(111)', 'bool(false)']);
    expect(answer).not.toContain('thrown');
    expect(reached).toBe(0);
  });

  test('SOAP, which shops order parcels and payments with, is not there where PHP has it', async () => {
    expect(await clone.php(`echo (int) method_exists('SoapClient', '__doRequest');`)).toBe('0');
  });

  test('the clone reaches itself', async () => {
    const answer = await clone.php(`echo wp_remote_retrieve_response_code(wp_remote_get(home_url('/wp-login.php')));`);
    expect(answer).toBe('200');
  });

  test('nothing of the environment of whoever made it is in the clone', async () => {
    const environment = await clone.php(`echo json_encode(getenv());`);
    expect(environment).not.toContain('of the caller');
    expect(JSON.parse(environment)).toMatchObject({ http_proxy: 'http://127.0.0.1:9' });
  });
});

describe('scheduled work', () => {
  test('does not run, neither on a visit nor when wp-cron.php is asked for', async () => {
    await clone.php(`
      file_put_contents(WPMU_PLUGIN_DIR . '/due.php', '<?php add_action("due", function () { file_put_contents(ABSPATH . "ran", "1"); });');
      wp_schedule_single_event(time() - 60, 'due');`);
    await clone.get('/');
    await clone.get('/wp-cron.php?doing_wp_cron');
    const state = await clone.php(`echo (int) file_exists(ABSPATH . 'ran'), (int) (wp_next_scheduled('due') > 0);`);
    expect(state).toBe('01');
  });
});

describe('search engines', () => {
  test('are told to stay away on every page and by robots.txt', async () => {
    const page = await clone.get('/');
    expect(page.headers['x-robots-tag']).toContain('noindex');
    expect(page.body).toMatch(/<meta name='robots' content='[^']*noindex/);
    expect((await clone.get('/robots.txt')).body).toBe('User-agent: *\nDisallow: /\n');
  });

  test('the stored option of the source is left as it is', async () => {
    const stored = await clone.php(
      `global $wpdb; echo get_option('blog_public'), $wpdb->get_var("SELECT option_value FROM $wpdb->options WHERE option_name = 'blog_public'");`,
    );
    expect(stored).toBe('01');
  });
});

describe('links', () => {
  test('an address of the source in the code of a theme leads to the clone', async () => {
    await clone.php(`
      file_put_contents(WPMU_PLUGIN_DIR . '/hard.php', '<?php add_action("wp_footer", function () {
        echo \\'<a href="${source.url}/about">a</a><img srcset="${source.url}/a.png 1x, //127.0.0.1:${source.port}/b.png 2x"><a href="${source.url}9/x">other</a>\\';
      });');`);
    const { body } = await clone.get('/');
    expect(body).toContain(`<a href="${clone.url}/about">`);
    expect(body).toContain(`srcset="${clone.url}/a.png 1x, ${clone.url.replace('http:', '')}/b.png 2x"`);
    expect(body).toContain(`<a href="${source.url}9/x">other</a>`);
  });
});

test('permalinks that are saved in the clone stay free of index.php', async () => {
  const offered = await clone.php(
    `require_once ABSPATH . 'wp-admin/includes/misc.php'; echo got_url_rewrite() ? 'without' : 'with index.php';`,
  );
  expect(offered).toContain('without');
});

test('the plugin that read the source out is not taken for one that got lost', async () => {
  const listed = await clone.php(
    `update_option('active_plugins', ['shop/shop.php', 'wpclone-migrator/wpclone-migrator.php']);
    wp_cache_flush();
    echo json_encode(get_option('active_plugins'));
    update_option('active_plugins', []);`,
  );
  expect(listed).toContain('["shop\\/shop.php"]');
});
