import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createSourcePort } from '../../src/operations/sources.ts';
import { createSiteClient } from '../../src/site/client.ts';
import { connectSource, disconnectSource } from '../../src/site/connect/connect.ts';
import { withAdmin } from '../../src/site/connect/login/login.ts';
import { installPlugin } from '../../src/site/connect/plugin/install.ts';
import { openInstaller } from '../../src/site/connect/plugin/installer.ts';
import { packPlugin } from '../../src/site/connect/plugin/zip.ts';
import { openState } from '../../src/state/open.ts';
import { asAdmin, connectDeps, requestsTo } from '../support/connecting.ts';
import { type Source, startSource } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf, workContext } from '../support/work.ts';

/** WordPress takes its time to unpack a plugin, and to put one in the place of another: it has none of that name meanwhile. */
const SLOW = `<?php
add_filter( 'upgrader_source_selection', function ( $source ) { usleep( 300000 ); return $source; } );
add_filter( 'upgrader_clear_destination', function ( $removed ) { usleep( 500000 ); return $removed; } );`;
/** Of two log-ins in one moment WordPress forgets one; here as many as the option says. */
const FORGETFUL = `<?php
add_action( 'wp_login', function ( $name, $user ) {
  $left = (int) get_option( 'to_forget' );
  if ( $left < 1 ) { return; }
  update_option( 'to_forget', $left - 1 );
  add_action( 'shutdown', function () use ( $user ) { WP_Session_Tokens::get_instance( $user->ID )->destroy_all(); } );
}, 10, 2 );`;
const SEVERAL = 4;

let source: Source;
beforeAll(async () => {
  source = await startSource({ muPlugins: { 'slow.php': SLOW, 'forgetful.php': FORGETFUL } });
});
afterAll(() => source.stop());

const asked = (words: string): number => requestsTo(source).filter((line) => line.includes(words)).length;

test('of several jobs that connect to a site at once one puts the plugin there, and none takes it from under another', async () => {
  const home = makeTemp('together');
  const over: number[] = [];
  const connect = async (_: unknown, n: number): Promise<void> => {
    const context = workContext();
    const state = openState(home, context);
    try {
      const port = createSourcePort(
        { ...asAdmin(source), httpAuth: undefined },
        { home, environment: process.env },
        state,
      );
      const { access } = await port.connect(context);
      over.push(n);
      // Whoever has a key uses it from now on.
      const client = createSiteClient(access, { ...context, retry: () => undefined });
      while (over.length < SEVERAL) await client.info(context.signal);
    } catch (error) {
      over.push(...Array.from({ length: SEVERAL }, () => n));
      throw error;
    } finally {
      state.close();
    }
  };
  await Promise.all(Array.from({ length: SEVERAL }, connect));
  expect(asked('action=upload-plugin')).toBe(1);
});

test('a plugin that somebody else has put there since we looked is not put there once more, in whose place it would be gone for a moment', async () => {
  await disconnectSource(asAdmin(source), connectDeps());
  await withAdmin(asAdmin(source), connectDeps(), async (admin) => {
    const before = await openInstaller(admin);
    expect(before.active).toBeUndefined();
    await connectSource(asAdmin(source), connectDeps());
    await installPlugin(admin, before, await packPlugin(), () => undefined);
  });
  expect(asked('overwrite=update-plugin')).toBe(0);
});

test('a log-in that the site forgot, because another was made in the same moment, is made once more, and no third time', async () => {
  await source.php(`update_option( 'to_forget', 1 );`);
  await connectSource(asAdmin(source), connectDeps());
  await source.php(`update_option( 'to_forget', 5 );`);
  expect((await failureOf(connectSource(asAdmin(source), connectDeps()))).code).toBe('SECOND_FACTOR');
  expect(await source.php(`echo get_option( 'to_forget' );`)).toBe('3');
});

test.each([
  ['with a field that has a name of its own', `wp_clear_auth_cookie(); echo PIN; exit;`],
  ['on a page that it leads to, with the cookies of a log-in that it forgot', `wp_redirect( '/?pin' ); exit;`],
])('where a code is asked for %s, the password is given once', async (_how, then) => {
  const pin = `<?php
    const PIN = '<form method="post"><input type="text" name="pin"><button>Go on</button></form>';
    if ( isset( $_GET['pin'] ) ) { add_action( 'init', function () { echo PIN; exit; } ); }
    add_action( 'wp_login', function ( $name, $user ) { WP_Session_Tokens::get_instance( $user->ID )->destroy_all(); ${then} }, 10, 2 );`;
  const plugin = join(source.docroot, 'wp-content/mu-plugins/pin.php');
  await source.php(`update_option( 'to_forget', 0 );`);
  await disconnectSource(asAdmin(source), connectDeps());
  const before = asked('POST /wp-login.php');
  writeFileSync(plugin, pin);
  try {
    expect((await failureOf(connectSource(asAdmin(source), connectDeps()))).code).toBe('SECOND_FACTOR');
  } finally {
    rmSync(plugin);
  }
  expect(asked('POST /wp-login.php') - before).toBe(1);
});
