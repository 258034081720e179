import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { copyClone, instanceContext, type CopiedClone } from '../support/copied-clone.ts';
import { openTestHome, type TestHome } from '../support/local-runtime.ts';
import { ALL_WELL, looksOf } from '../support/looks.ts';
import { startSource, type Source } from '../support/source/index.ts';

const ownRows = z.object({ rows: z.array(z.object({ table: z.string(), values: z.record(z.string(), z.unknown()) })) });
const HOSTILE = `'); system('id'); /* \\' ?> <?php {{table_prefix}} $& \u{1F596}`;

let home: TestHome;
let source: Source;
let clone: CopiedClone;

beforeAll(async () => {
  home = openTestHome();
  source = await startSource({ posts: 3 });
  clone = await copyClone(home, source, {
    info: { constants: { WP_DEFAULT_THEME: HOSTILE, DB_NAME: 'stolen', WP_MEMORY_LIMIT: '300M', EMPTY_TRASH_DAYS: 7 } },
    prepare: (www) => {
      const content = join(www, 'wp-content');
      writeFileSync(join(content, 'object-cache.php'), '<?php exit("no redis here");');
      mkdirSync(join(content, 'mu-plugins/kinsta-mu-plugins'), { recursive: true });
      writeFileSync(join(content, 'mu-plugins/kinsta-mu-plugins.php'), '<?php exit("only at the host");');
      writeFileSync(
        join(content, 'mu-plugins/loader.php'),
        '<?php require __DIR__ . "/pantheon-mu-plugin/pantheon.php";',
      );
      writeFileSync(join(content, 'mu-plugins/own.php'), '<?php // belongs to the site');
      writeFileSync(join(www, '.maintenance'), '<?php $upgrading = time();');
    },
  });
});

afterAll(async () => {
  await Promise.all([home.close(), source.stop()]);
});

describe('the log-in link', () => {
  test('lets in once and only once, also when asked for twice at the same moment', async () => {
    const link = new URL(await clone.instance.operations.createLoginLink(new AbortController().signal));
    const answers = await Promise.all([1, 2, 3].map(() => clone.get(link.pathname + link.search)));
    const [inside, ...refused] = answers.toSorted((a, b) => a.status - b.status);
    expect(inside?.status).toBe(302);
    expect(inside?.headers['location']).toBe(`${clone.url}/wp-admin/`);
    expect(refused.map((answer) => answer.status)).toEqual([403, 403]);
    const cookie = [inside?.headers['set-cookie']].flat().map((line) => String(line).split(';')[0]);
    const admin = await clone.get('/wp-admin/', { cookie: cookie.join('; ') });
    expect(admin.body).toMatch(/Howdy, .*wpclone-test/);
  });

  test.each(['', 'x', '../../run/expires', 'a'.repeat(43)])('refuses %j', async (token) => {
    expect((await clone.get(`/?wpclone-login=${encodeURIComponent(token)}`)).status).toBe(403);
    expect((await clone.get(`/?wpclone-login[]=${encodeURIComponent(token)}`)).status).toBe(403);
  });

  test('ends after an hour', async () => {
    const logins = join(home.paths(clone.id).run, 'logins');
    const askAfter = async (minutes: number): Promise<number> => {
      const link = new URL(await clone.instance.operations.createLoginLink(new AbortController().signal));
      const made = Date.now() / 1000 - minutes * 60;
      for (const name of readdirSync(logins)) utimesSync(join(logins, name), made, made);
      return (await clone.get(link.pathname + link.search)).status;
    };
    expect([await askAfter(58), await askAfter(61)]).toEqual([302, 403]);
  });

  test('its token is nowhere on the disk', async () => {
    const link = new URL(await clone.instance.operations.createLoginLink(new AbortController().signal));
    const token = link.searchParams.get('wpclone-login') ?? '';
    expect(existsSync(join(home.paths(clone.id).run, 'logins', token))).toBe(false);
  });
});

describe('the configuration', () => {
  test('every value of the site is a literal', async () => {
    const seen = await clone.php(
      'echo json_encode([WP_DEFAULT_THEME, DB_NAME, WP_MEMORY_LIMIT, EMPTY_TRASH_DAYS, WP_CACHE]);',
    );
    expect(JSON.parse(seen)).toEqual([HOSTILE, expect.stringMatching(/^wpclone_unit_/), '300M', 7, false]);
  });

  test('is its own: neither the keys nor the database of the source', async () => {
    const config = readFileSync(join(home.paths(clone.id).www, 'wp-config.php'), 'utf8');
    expect(config).not.toContain(source.database.password);
    const keys = await clone.php(
      `echo implode(' ', array_unique([AUTH_KEY, SECURE_AUTH_KEY, LOGGED_IN_KEY, NONCE_KEY, AUTH_SALT]));`,
    );
    expect(keys.split(' ')).toHaveLength(5);
  });

  test('what only works at its host is set aside, listed, and out of the document root', async () => {
    expect(clone.result.setAside).toEqual([
      'object-cache.php',
      'mu-plugins/kinsta-mu-plugins',
      'mu-plugins/kinsta-mu-plugins.php',
      'mu-plugins/loader.php',
    ]);
    expect(clone.result.warnings.map((warning) => warning.code)).toEqual(['SET_ASIDE']);
    const { www, folder } = home.paths(clone.id);
    expect(existsSync(join(www, 'wp-content/object-cache.php'))).toBe(false);
    expect(existsSync(join(www, 'wp-content/mu-plugins/own.php'))).toBe(true);
    expect(existsSync(join(folder, 'set-aside/object-cache.php'))).toBe(true);
  });

  test('no session of the source is left', async () => {
    const sessions = await clone.php(
      `global $wpdb; echo $wpdb->get_var("SELECT COUNT(*) FROM $wpdb->usermeta WHERE meta_key = 'session_tokens' AND user_id = 1");`,
    );
    expect(sessions).toBe('0');
  });

  test('may be written again: there is still one administrator of ours', async () => {
    await clone.instance.operations.configure(clone.task, instanceContext());
    const users = await clone.php(
      `global $wpdb; echo $wpdb->get_var("SELECT COUNT(*) FROM $wpdb->users WHERE user_login = 'wpclone-test'");`,
    );
    expect(users).toBe('1');
    const own = ownRows.parse(JSON.parse(readFileSync(join(home.paths(clone.id).baseline, 'own-rows.json'), 'utf8')));
    expect(own.rows.map((row) => row.table).slice(0, 2)).toEqual(['wp_users', 'wp_usermeta']);
    expect(own.rows[0]?.values['user_pass']).toMatch(/^\$P\$/);
  });
});

describe('files that a host would not serve', () => {
  test.each([
    ['wp-content/uploads/closed/deep/log.txt', 403],
    ['wp-content/uploads/partly/log.txt', 200],
    ['.htaccess', 404],
    ['.git/config', 404],
    ['x.phtml', 404],
    ['readme.html', 200],
  ])('%s is answered with %i', async (path, status) => {
    const { www } = home.paths(clone.id);
    const put = (name: string, text: string) => {
      mkdirSync(dirname(join(www, name)), { recursive: true });
      writeFileSync(join(www, name), text);
    };
    put('wp-content/uploads/closed/.htaccess', '# ours\nDeny from all\n');
    put('wp-content/uploads/partly/.htaccess', '<Files secret.txt>\nRequire all denied\n</Files>\n');
    put(path, path.endsWith('.htaccess') ? '' : 'text');
    expect((await clone.get(`/${path}`)).status).toBe(status);
  });
});

describe('the bar', () => {
  test.each(['/', '/wp-login.php'])('is on %s with the source and the end', async (path) => {
    const { body } = await clone.get(path);
    expect(body).toContain(`<i>127.0.0.1:${source.port}</i>`);
    expect(body).toContain(`data-end="${Math.floor(clone.task.expiresAt / 1000)}"`);
    expect(body.match(/id="wpclone-bar"/g)).toHaveLength(1);
  });

  test('follows a changed end', async () => {
    const later = Date.now() + 3_600_000;
    await clone.instance.operations.setExpiry(later, new AbortController().signal);
    expect((await clone.get('/')).body).toContain(`data-end="${Math.floor(later / 1000)}"`);
  });
});

describe('other layouts', () => {
  test.each([
    ['in a sub-folder', '/blog', '/blog'],
    ['with the core in its own folder', '', '/wp'],
    ['with both', '/blog', '/blog/wp'],
  ])('a site %s works', async (_name, path, core) => {
    const other = await startSource({ posts: 2, home: path, core });
    const copy = await copyClone(home, other, {
      prepare: (www) => {
        const front = join(www, `${path}/index.php`);
        writeFileSync(front, readFileSync(front, 'utf8').replace('<?php', '<?php header( "X-Front: own" );'));
      },
    });
    const looks = await looksOf(other);
    expect(await copy.instance.operations.verify({ ...copy.task, looks }, instanceContext())).toEqual(ALL_WELL);
    expect(new URL(copy.url).pathname).toBe(`${path}/`.replace(/(.)\/$/, '$1'));
    const origin = await copy.get('/');
    expect([origin.status, origin.headers['location']]).toEqual(path === '' ? [200, undefined] : [302, `${path}/`]);
    // The index.php that is there is the site's, which may do more than load WordPress.
    expect((await copy.get(`${path}/`)).headers['x-front']).toBe('own');
    await home.runtime.remove(copy.id, home.context);
    await other.stop();
  });
});
