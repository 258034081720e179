import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { connectSource, disconnectSource } from '../../src/site/connect/connect.ts';
import { lookAtSource } from '../../src/site/look-at-source.ts';
import { packagePath } from '../../src/shared/package-root.ts';
import { asAdmin, connectDeps, requestsTo, traces } from '../support/connecting.ts';
import { looksOf } from '../support/looks.ts';
import type { Source, SourceOptions } from '../support/source/index.ts';
import { sourcesOnOneServer } from '../support/source/one-server.ts';
import { workContext } from '../support/work.ts';

const startSource = sourcesOnOneServer();

let source: Source;
const start = async (options?: SourceOptions): Promise<Source> => (source = await startSource(options));
afterEach(() => source.stop());

/** Activity logs ask for the current user whenever an option changes or a plugin goes. */
const ACTIVITY = `<?php
  /* Plugin Name: Activity */
  foreach ( array( 'added_option', 'updated_option', 'deleted_option', 'deactivate_plugin', 'deactivated_plugin' ) as $hook ) {
    add_action( $hook, function () { wp_get_current_user(); } );
  }`;

/** Logs out nobody before somebody says that it may. */
const HELD_LOG_OUT = `<?php
  add_action( 'login_form_logout', function () {
    while ( ! file_exists( WP_CONTENT_DIR . '/may-leave' ) ) { usleep( 20000 ); clearstatcache(); }
  } );`;

/** What WordPress keeps of its daily check for updates, which it cannot make here. */
const checkForUpdates = (): Promise<string> =>
  source.php(
    `set_site_transient( 'update_plugins', (object) array( 'last_checked' => time(), 'checked' => array( 'wpclone-migrator/wpclone-migrator.php' => '1.0.0' ) ) );`,
  );

describe('a source whose log-in is a plain form', () => {
  test('is connected over HTTP, answers signed requests, and is left without a trace by disconnect', async () => {
    await start();
    const deps = connectDeps();
    const connection = await connectSource(asAdmin(source), deps);
    expect(connection).toMatchObject({ way: 'http', installedNow: true, access: { url: source.url } });
    expect(connection.info.home).toBe(source.url);
    expect(connection.info.wordpressVersion).toBe(await source.php('echo get_bloginfo("version");'));

    await checkForUpdates();
    const known = connection.access;
    expect(await disconnectSource({ url: source.url, insecureTls: false, known }, deps)).toBe(true);
    expect(await traces(source)).toEqual([]);
    expect(await source.php('echo serialize( get_option( "cron" ) );')).not.toContain('upgrader');
  });

  test.each([
    ['keeps deleted media in a trash', { constants: { MEDIA_TRASH: true } }],
    ['has a plugin that notes who changes what', { plugins: { 'activity/activity.php': ACTIVITY } }],
  ] satisfies [string, SourceOptions][])('and that %s is left without a trace too', async (_, options) => {
    await start(options);
    const deps = connectDeps();
    const { access: known } = await connectSource(asAdmin(source), deps);
    expect(await disconnectSource({ url: source.url, insecureTls: false, known }, deps)).toBe(true);
    expect(await traces(source)).toEqual([]);
    expect(await source.php('echo serialize( get_option( "cron" ) );')).not.toContain('upgrader');
  });

  test('is asked for no page twice, nor for one that another answer has said already', async () => {
    await start();
    const { access, info, seen } = await connectSource(asAdmin(source), connectDeps());
    const looks = await lookAtSource(access, info, workContext(), seen);
    await expect.poll(() => requestsTo(source).at(-1)).toContain('action=logout');
    const asked = requestsTo(source).map((each) => each.replace(/&(?:plugin|_wpnonce)=[^&]*/g, ''));
    // The first is the source's own, when it starts.
    expect(asked.slice(1)).toEqual([
      'GET /',
      'GET /wp-login.php',
      'POST /wp-login.php',
      'GET /wp-admin/plugin-install.php?tab=upload',
      'POST /wp-admin/update.php?action=upload-plugin',
      'GET /wp-admin/plugins.php?action=activate',
      'POST /wp-admin/admin-ajax.php',
      'POST /',
      'GET /wp-login.php?action=logout',
    ]);
    expect(looks).toEqual(await looksOf(source));
  });

  test('is asked for the plugin’s page where something drops the header that says the same', async () => {
    await start({ muPlugins: { 'drop.php': `<?php add_action( 'activated_plugin', function () { header_remove( 'X-Wpclone-Pair' ); } );` } }); // prettier-ignore
    expect(await connectSource(asAdmin(source), connectDeps())).toMatchObject({ way: 'http', installedNow: true });
    await expect.poll(() => requestsTo(source)).toContain('GET /wp-admin/tools.php?page=wpclone-migrator');
  });

  test('is logged out of beside what follows, also for somebody who is cancelled meanwhile', async () => {
    await start({ muPlugins: { 'held.php': HELD_LOG_OUT } });
    const controller = new AbortController();
    const order: string[] = [];
    let left: Promise<unknown> | undefined;
    const leaving = (ending: Promise<void>): void => void (left = ending.then(() => order.push('logged out')));
    const lockLogin = () => Promise.resolve(() => void order.push('unlocked'));
    await connectSource(asAdmin(source), connectDeps({ signal: controller.signal, leaving, lockLogin }));
    order.push('connected');
    controller.abort();
    writeFileSync(join(source.content, 'may-leave'), '');
    await left;
    // Nobody else logs in before we are out.
    expect(order).toEqual(['connected', 'unlocked', 'logged out']);
    expect(await traces(source)).not.toContain('session of 1');
  });

  test('is connected with the known key alone the second time', async () => {
    await start();
    const first = await connectSource(asAdmin(source), connectDeps());
    const again = await connectSource({ url: source.url, insecureTls: false, known: first.access }, connectDeps());
    expect(again).toMatchObject({ way: 'known-key', installedNow: false });
    const count = (wanted: string): number => requestsTo(source).filter((each) => each === wanted).length;
    // The web server writes its log after it has answered.
    await expect.poll(() => count('POST /')).toBe(2);
    expect(count('POST /wp-login.php')).toBe(1);
  });

  test('is logged in to again when the known key is no longer good', async () => {
    await start();
    const first = await connectSource(asAdmin(source), connectDeps());
    await source.php(`global $wpdb; $wpdb->query( "DELETE FROM {$wpdb->options} WHERE option_name LIKE 'wpclone%'" );`);
    const again = await connectSource(asAdmin(source, { known: first.access }), connectDeps());
    expect(again).toMatchObject({ way: 'http', installedNow: false });

    await source.php(
      'require_once ABSPATH . "wp-admin/includes/plugin.php"; deactivate_plugins( "wpclone-migrator/wpclone-migrator.php" );',
    );
    const third = await connectSource(asAdmin(source, { known: again.access }), connectDeps());
    expect(third).toMatchObject({ way: 'http', installedNow: true });
  });

  test('has the plugin taken off through the administration when no key is known', async () => {
    await start();
    await connectSource(asAdmin(source), connectDeps());
    await checkForUpdates();
    expect(await disconnectSource(asAdmin(source), connectDeps())).toBe(true);
    expect(await traces(source)).toEqual([]);
    expect(await disconnectSource(asAdmin(source), connectDeps())).toBe(false);
  });

  test('is connected without asking for the password when an old key is good, and asks only once otherwise', async () => {
    await start();
    let asked = 0;
    const password = (): Promise<string> => {
      asked += 1;
      return Promise.resolve(source.adminPassword);
    };
    const { access } = await connectSource(asAdmin(source, { password }), connectDeps());
    expect(asked).toBe(1);
    await connectSource(asAdmin(source, { password, known: access }), connectDeps());
    expect(asked).toBe(1);
  });
});

test.each([
  ['in a sub-folder', { home: '/blog' }],
  ['with its core in a folder of its own', { core: '/core' }],
  ['with another table prefix', { tablePrefix: 'x7_' }],
  ['whose log-in page has moved to where the front page says', { movedLogin: 'linked' }],
  ['that asks whether the administrator’s address is still right', { confirmAdminEmail: true }],
] satisfies [string, SourceOptions][])('a site %s is connected over HTTP', async (_, options) => {
  await start(options);
  const connection = await connectSource(asAdmin(source), connectDeps());
  expect(connection).toMatchObject({ way: 'http', installedNow: true, access: { url: source.url } });
});

test('a log-in page that nothing leads to is found with --login-url', async () => {
  await start({ movedLogin: 'unlinked' });
  const connection = await connectSource(asAdmin(source, { loginUrl: source.loginUrl }), connectDeps());
  expect(connection.way).toBe('http');
});

test.each(['/wp-admin/', '/wp-login.php?redirect_to=x', '/wp-admin/edit.php?post_type=page', '/index.php', '/'])(
  'an address copied with %s at its end means the site',
  async (tail) => {
    await start();
    const url = `${source.url.replace('http://', '')}${tail}`;
    const connection = await connectSource(asAdmin(source, { url }), connectDeps());
    expect(connection.access.url).toBe(source.url);
  },
);

test('an older plugin that is active is replaced and not counted as ours', async () => {
  const folder = packagePath('templates', 'migrator');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.php'));
  const old = files.map((name) => [
    `wpclone-migrator/${name}`,
    readFileSync(join(folder, name), 'utf8').replaceAll(/\b1\.\d+\.\d+\b/g, '0.9.0'),
  ]);
  await start({ plugins: Object.fromEntries(old) });
  const connection = await connectSource(asAdmin(source), connectDeps());
  expect(connection).toMatchObject({ way: 'http', installedNow: false });
  const main = readFileSync(join(source.content, 'plugins/wpclone-migrator/wpclone-migrator.php'), 'utf8');
  expect(main).not.toContain('0.9.0');
});

test('a plugin left inactive by an earlier failure is replaced and counted as ours', async () => {
  await start();
  await connectSource(asAdmin(source), connectDeps());
  await source.php(
    'require_once ABSPATH . "wp-admin/includes/plugin.php"; deactivate_plugins( "wpclone-migrator/wpclone-migrator.php" );',
  );
  const connection = await connectSource(asAdmin(source), connectDeps());
  expect(connection).toMatchObject({ way: 'http', installedNow: true });
});
