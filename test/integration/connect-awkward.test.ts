import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connectSource } from '../../src/site/connect/connect.ts';
import { asAdmin, connectDeps, traces } from '../support/connecting.ts';
import { startMariadb, type Mariadb } from '../support/mariadb.ts';
import { type Source, type SourceOptions, startSource } from '../support/source/index.ts';
import { failureOf } from '../support/work.ts';

let mariadb: Mariadb;
beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb.stop());

const opened: Source[] = [];
afterEach(async () => {
  for (const source of opened.splice(0)) await source.stop();
});
const start = async (options: SourceOptions = {}): Promise<Source> => {
  const source = await startSource({ posts: 3, mariadb, ...options });
  opened.push(source);
  return source;
};
const must = (code: string): SourceOptions => ({ muPlugins: { 'acme.php': `<?php ${code}` } });

/** How the site is connected to, and whether it is the right one. */
async function connecting(source: Source): Promise<object> {
  const deps = connectDeps();
  const { way, info } = await connectSource(asAdmin(source), deps);
  return { way, itself: info.home === source.url, waits: deps.events.filter(({ type }) => type === 'retry').length };
}
const AT_ONCE = { way: 'http', itself: true, waits: 0 };

const comingSoon = (header: string): string =>
  `add_action('template_redirect', function(){ if (!is_user_logged_in()) { status_header(503); ${header} echo '<!doctype html><title>Back soon</title><h1>We are working on it</h1>'; exit; } });`;

describe('what visitors of the front page are answered is no reason to stop:', () => {
  test.each([
    ['503 with Retry-After', must(comingSoon("header('Retry-After: 3600');"))],
    ['503 without', must(comingSoon(''))],
    ['404', must("add_action('template_redirect', function(){ status_header(404); echo 'Nothing here'; exit; });")],
    [
      '401 that is no question for a password',
      must(
        "add_action('template_redirect', function(){ if (!is_user_logged_in()) { wp_die('Members only', '', 401); } });",
      ),
    ],
    [
      '401 without a sign of WordPress',
      must(
        "add_action('wp_loaded', function(){ if (!is_user_logged_in() && !is_admin() && 'GET' === $_SERVER['REQUEST_METHOD'] && 'wp-login.php' !== $GLOBALS['pagenow']) { http_response_code(401); exit('Closed'); } });",
      ),
    ],
    ['500', must("add_action('template_redirect', function(){ undefined_function_of_a_broken_theme(); });")],
    [
      '403 of the web server',
      { nginx: 'location = / { if ($request_method = GET) { return 403; } try_files /x /index.php?$args; }' },
    ],
    [
      'a log-in page for everybody',
      must("add_action('template_redirect', function(){ if (!is_user_logged_in()) { auth_redirect(); } });"),
    ],
    [
      'a page that shows nothing of WordPress',
      must("add_action('template_redirect', function(){ echo 'Hello'; exit; });"),
    ],
  ] satisfies [string, SourceOptions][])('%s', async (_, options) => {
    expect(await connecting(await start(options))).toEqual(AT_ONCE);
  });

  test('500, and the core has a folder of its own', async () => {
    const source = await start({
      core: '/core',
      ...must("add_action('template_redirect', function(){ undefined_function_of_a_broken_theme(); });"),
    });
    expect(await connecting(source)).toEqual(AT_ONCE);
  });
});

const ONCE_ANY = `<?php /* Plugin Name: once any */
register_activation_hook( __FILE__, function () { update_option( 'once_any', 1 ); } );
add_action( 'admin_init', function () { if ( get_option( 'once_any' ) && ! wp_doing_ajax() ) { delete_option( 'once_any' ); wp_safe_redirect( admin_url( 'index.php?welcome' ) ); exit; } } );`;
const ONCE_PLUGINS = `<?php /* Plugin Name: once plugins */
register_activation_hook( __FILE__, function () { update_option( 'once_plugins', 1 ); } );
add_action( 'load-plugins.php', function () { if ( get_option( 'once_plugins' ) ) { delete_option( 'once_plugins' ); wp_safe_redirect( admin_url( 'index.php?welcome' ) ); exit; } } );`;
const ONCE_HERE = `<?php /* Plugin Name: once here */
register_activation_hook( __FILE__, function () { update_option( 'once_here', 1 ); } );
add_action( 'admin_init', function () { if ( get_option( 'once_here' ) && ! wp_doing_ajax() ) { delete_option( 'once_here' ); exit( '<title>Welcome</title><script>location = "index.php?welcome"</script>' ); } } );`;
const ONCE_UPLOAD = `<?php /* Plugin Name: once update */
register_activation_hook( __FILE__, function () { update_option( 'once_update', 1 ); } );
add_action( 'load-update.php', function () { if ( get_option( 'once_update' ) ) { delete_option( 'once_update' ); wp_safe_redirect( admin_url( 'index.php?welcome' ) ); exit; } } );`;

describe('what a site shows once is asked again:', () => {
  test.each([
    ['any page', { 'a/a.php': ONCE_ANY }],
    ['a page in the place of another', { 'd/d.php': ONCE_HERE }],
    ['the list of plugins', { 'b/b.php': ONCE_PLUGINS }],
    ['the upload', { 'c/c.php': ONCE_UPLOAD }],
    ['all of them', { 'a/a.php': ONCE_ANY, 'b/b.php': ONCE_PLUGINS, 'c/c.php': ONCE_UPLOAD }],
  ])('%s', async (_, plugins) => {
    expect(await connecting(await start({ plugins }))).toEqual(AT_ONCE);
  });

  test('and activates the plugin although another one breaks on that', async () => {
    expect(
      await connecting(
        await start(must("add_action('activated_plugin', function(){ throw new Exception('no table'); });")),
      ),
    ).toEqual(AT_ONCE);
  });

  test('and takes a plugin that is active but was deleted for what it is', async () => {
    const source = await start();
    await source.php("update_option( 'active_plugins', array( 'wpclone-migrator/wpclone-migrator.php' ) );");
    expect(await connecting(source)).toEqual(AT_ONCE);
  });
});

describe('what keeps us out of the administration is named:', () => {
  test('a form that has to be filled in first, by its address', async () => {
    const source = await start(
      must(`add_action('admin_init', function(){ if (!wp_doing_ajax() && ($_GET['page'] ?? '') !== 'acme-terms') { wp_safe_redirect(admin_url('profile.php?page=acme-terms')); exit; } });
        add_action('admin_menu', function(){ add_users_page('Terms','Terms','read','acme-terms',function(){ echo '<h1>Please accept</h1>'; }); });`),
    );
    const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
    expect(error.code).toBe('SETUP_PENDING');
    expect(error.message).toContain('/wp-admin/profile.php?page=acme-terms');
    expect(error.nextSteps.join()).toContain('Log in with a browser');
  });

  test('a form that is shown in the place of every page, by the address of ours', async () => {
    const source = await start(
      must(
        `add_action('in_admin_header', function(){ echo '<h1>Accept the terms</h1><form method="post"><input type="checkbox" name="ok"></form>'; require ABSPATH . 'wp-admin/admin-footer.php'; exit; });`,
      ),
    );
    const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
    expect(error.code).toBe('SETUP_PENDING');
    expect(error.message).toContain('Accept the terms');
    expect(error.details['address']).toBe(`${source.url}/wp-admin/plugin-install.php`);
  });

  test('a database that waits to be updated', async () => {
    const source = await start();
    await source.query("UPDATE wp_options SET option_value = '51917' WHERE option_name = 'db_version'");
    const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
    expect(error.code).toBe('DATABASE_UPGRADE_PENDING');
    expect(error.nextSteps.join()).toContain('press Update');
  });

  test.each(['/home/olduser/public_html/wp-content/uploads', '/home/olduser/files'])(
    'uploads that went missing (%s), with the way by hand',
    async (folder) => {
      const source = await start();
      await source.query(`UPDATE wp_options SET option_value = '${folder}' WHERE option_name = 'upload_path'`);
      const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
      expect(error.code).toBe('PLUGIN_UPLOAD_FORBIDDEN');
      expect(error.nextSteps.join()).toContain('wp-content/plugins/wpclone-migrator');
    },
  );

  test('a database that is down', async () => {
    const source = await start();
    const config = join(source.path, 'wp-config.php');
    await source.php(
      `file_put_contents( ${JSON.stringify(config)}, str_replace( '${source.database.password}', 'gone', file_get_contents( ${JSON.stringify(config)} ) ) );`,
    );
    const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
    expect(error.code).toBe('SOURCE_DATABASE_DOWN');
  });

  test.each(['admin', 'editor', 'subscriber'] as const)('a network of sites, to its %s too', async (role) => {
    const source = await start({ multisite: true });
    const username = source[`${role}User`];
    const password = () => Promise.resolve(source[`${role}Password`]);
    const error = await failureOf(connectSource(asAdmin(source, { username, password }), connectDeps()));
    expect(error).toMatchObject({ code: 'MULTISITE', message: expect.stringContaining('network of sites') as string });
  });
});

describe('a bad import', () => {
  const lost = (key: string) =>
    [
      ['options', 'option_id', ', DROP KEY option_name'],
      ['posts', 'ID', ''],
      ['postmeta', 'meta_id', ''],
      ['users', 'ID', ''],
      ['usermeta', 'umeta_id', ''],
    ].map(
      ([table, column, names]) =>
        `ALTER TABLE wp_${table} MODIFY ${column} bigint(20) unsigned NOT NULL${key}${key === '' ? '' : names}`,
    );
  test('that lost AUTO_INCREMENT costs no key', async () => {
    const source = await start();
    for (const sql of lost('')) await source.query(sql);
    await source.php(
      `$wpdb->query( "SET sql_mode=''" ); $wpdb->query( "INSERT INTO {$wpdb->options} (option_name, option_value, autoload) VALUES ('acme_zero', 'x', 'no')" );`,
    );
    expect(await connecting(source)).toEqual(AT_ONCE);
    const until = await source.query("SELECT 1 FROM wp_options WHERE option_name = 'wpclone_migrator_until'");
    expect(until).toHaveLength(1);
  });

  test('that lost all keys costs none either', async () => {
    const source = await start();
    for (const sql of lost(', DROP PRIMARY KEY')) await source.query(sql);
    expect(await connecting(source)).toEqual(AT_ONCE);
  });
});

test('a byte order mark and notices before and after an answer are skipped', async () => {
  const noise =
    '\uFEFF<?php add_action( "shutdown", function () { if ( wp_doing_ajax() ) { echo "<b>Notice</b>: {closure} {\\"a\\":1}"; } } ); if ( wp_doing_ajax() ) { echo "<b>Notice</b>: {main} in x"; }';
  expect(await connecting(await start({ ini: { output_buffering: '4096' }, muPlugins: { 'bom.php': noise } }))).toEqual(
    AT_ONCE,
  );
});

test('cookies with names of their own are log-ins too', async () => {
  expect(
    await connecting(
      await start({
        constants: { LOGGED_IN_COOKIE: 'acme_in', AUTH_COOKIE: 'acme_auth', SECURE_AUTH_COOKIE: 'acme_sec' },
      }),
    ),
  ).toEqual(AT_ONCE);
});

test('an update under way is named, with how long the site asks to wait', async () => {
  const source = await start();
  writeFileSync(join(source.path, '.maintenance'), '<?php $upgrading = time();\n');
  const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
  expect(error).toMatchObject({ code: 'SOURCE_IN_MAINTENANCE', retryAfter: 600 });
  rmSync(join(source.path, '.maintenance'));
  expect(await traces(source)).toEqual([]);
});
