import { cpSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { WpcloneError } from '../../src/shared/errors.ts';
import { connectSource } from '../../src/site/connect/connect.ts';
import { asAdmin, connectDeps, traces } from '../support/connecting.ts';
import type { SourceOptions } from '../support/source/index.ts';
import { sourcesOfFile } from '../support/source-test.ts';
import { failureOf } from '../support/work.ts';

const { start } = sourcesOfFile();

test('the plugin may be put there by hand where it cannot be uploaded, as the refusal says', async () => {
  const source = await start({ constants: { DISALLOW_FILE_MODS: true } });
  const refused = await failureOf(connectSource(asAdmin(source), connectDeps()));
  const folder = /copy (\S+) to wp-content\/plugins\/wpclone-migrator /.exec(refused.nextSteps.join())?.[1] ?? '';
  cpSync(folder, join(source.content, 'plugins/wpclone-migrator'), { recursive: true });
  await source.php(
    `require_once ABSPATH . 'wp-admin/includes/plugin.php'; activate_plugin( 'wpclone-migrator/wpclone-migrator.php' );`,
  );
  const connection = await connectSource(asAdmin(source), connectDeps());
  expect(connection).toMatchObject({ way: 'http', installedNow: false });
});

describe('a site that lets no plugin be uploaded', () => {
  test.each([
    ['DISALLOW_FILE_MODS', { constants: { DISALLOW_FILE_MODS: true } }],
    ['a plugins folder that cannot be written', { readOnlyPlugins: true }],
    ['files that only FTP can write', { constants: { FS_METHOD: 'ftpext' } }],
  ] satisfies [string, SourceOptions][])('(%s) is left as it was', async (_, options) => {
    const source = await start(options);
    const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
    expect(error.code).toBe('PLUGIN_UPLOAD_FORBIDDEN');
    expect(await traces(source)).toEqual([]);
  });

  test('because PHP takes no files is told of with the way around it', async () => {
    const source = await start({ ini: { file_uploads: 'Off' } });
    const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
    expect(error.message).toBe('The site did not install the plugin (HTTP 500): Please select a file.');
    expect(error.nextSteps.at(-1)).toMatch(/copy \S+ to wp-content\/plugins\/wpclone-migrator/);
  });
});

test('what is left of a plugin whose deletion was cut off is in nobody’s way', async () => {
  const source = await start();
  const left = join(source.content, 'plugins/wpclone-migrator/includes');
  await source.php(`mkdir( '${left}', 0755, true ); file_put_contents( '${left}/left.php', '<?php' );`);
  const connection = await connectSource(asAdmin(source), connectDeps());
  expect(connection).toMatchObject({ way: 'http', installedNow: true });
  expect(existsSync(join(left, 'left.php'))).toBe(false);
});

test('a site that takes no file of the plugin’s size says which it has to take', async () => {
  const source = await start({ ini: { post_max_size: '64K', upload_max_filesize: '32K' } });
  const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
  expect(error.code).toBe('PLUGIN_INSTALL_FAILED');
  expect(error.nextSteps.join()).toMatch(/takes uploads of \d{2,3} kB \(post_max_size/);
});

describe('what was installed is taken off again', () => {
  test.each([
    ['in the list', `add_filter( 'option_active_plugins', 'acme_known' );`],
    ['for good', `add_action( 'init', function () { update_option( 'active_plugins', acme_known( get_option( 'active_plugins' ) ) ); }, 0 );`], // prettier-ignore
  ])('when the site lets only plugins run that it knows (%s)', async (_, code) => {
    const guard = `<?php function acme_known( $all ) { return array_values( array_filter( (array) $all, function ( $one ) { return false === strpos( $one, 'wpclone' ); } ) ); } ${code}`;
    const source = await start({ muPlugins: { 'guard.php': guard } });
    const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
    expect(error.code).toBe('PLUGIN_INSTALL_FAILED');
    expect(error.message).toContain('switches off plugins that it does not know');
    expect(error.nextSteps[0]).toContain('Add wpclone-migrator to the plugins');
    // A name that WordPress is not shown it cannot take off its list.
    expect((await traces(source)).filter((trace) => trace !== 'option active_plugins')).toEqual([]);
  });

  test('when the site cannot activate it', async () => {
    const veto = `<?php add_action( 'activate_plugin', function () { wp_die( 'No new plugins, please.' ); } );`;
    const source = await start({ muPlugins: { 'veto.php': veto } });
    const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
    expect(error.code).toBe('PLUGIN_INSTALL_FAILED');
    expect(error.message).toContain('No new plugins, please.');
    expect(await traces(source)).toEqual([]);
  });

  test('when it does not answer signed requests', async () => {
    const source = await start();
    const failing = {
      info: () => Promise.reject(new WpcloneError('SOURCE_FAILED', 'No.')),
      disconnect: () => Promise.resolve(),
    };
    const error = await failureOf(connectSource(asAdmin(source), connectDeps({ openClient: () => failing })));
    expect(error.code).toBe('SOURCE_FAILED');
    expect(await traces(source)).toEqual([]);
  });

  test('when the run is cancelled while the site is unpacking it', async () => {
    const slow = `<?php add_filter( 'upgrader_source_selection', function ( $source ) { touch( ABSPATH . 'unpacking' ); sleep( 1 ); return $source; } );`;
    const source = await start({ muPlugins: { 'slow.php': slow } });
    const stop = new AbortController();
    const ended = failureOf(connectSource(asAdmin(source), connectDeps({ signal: stop.signal })));
    await expect.poll(() => existsSync(join(source.path, 'unpacking'))).toBe(true);
    stop.abort(new WpcloneError('CANCELLED', 'Cancelled.'));
    expect((await ended).code).toBe('CANCELLED');
    expect(await traces(source)).toEqual([]);
  });

  test('when the run is cancelled', async () => {
    const source = await start();
    const stop = new AbortController();
    const hanging = {
      info: () => {
        stop.abort(new WpcloneError('CANCELLED', 'Cancelled.'));
        return Promise.reject(new WpcloneError('CANCELLED', 'Cancelled.'));
      },
      disconnect: () => Promise.resolve(),
    };
    const deps = connectDeps({ openClient: () => hanging, signal: stop.signal });
    expect((await failureOf(connectSource(asAdmin(source), deps))).code).toBe('CANCELLED');
    expect(await traces(source)).toEqual([]);
  });
});
