import { cpSync, existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compileCore } from '../../src/instance/compile-core.ts';
import { startServer, waitFor, type Server } from '../support/servers.ts';
import { freePort, makeTemp } from '../support/temp.ts';
import { workContext } from '../support/work.ts';

const TEMPLATES = join(import.meta.dirname, '../../templates/instance');
const work = workContext();

let server: Server;
let base: string;
let folder: string;

/** A clone that is being made, in a folder of its document root, and one script that says what opcache holds. */
beforeAll(async () => {
  folder = makeTemp('compile');
  for (const name of ['run/tmp', 'run/php', 'www']) mkdirSync(join(folder, name), { recursive: true });
  cpSync(join(TEMPLATES, 'web'), join(folder, 'run/web'), { recursive: true });
  cpSync(join(TEMPLATES, 'php.ini'), join(folder, 'run/php/php.ini'));
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  const log = join(folder, 'log');
  const router = join(folder, 'router.php');
  writeFileSync(
    router,
    `<?php if ( '/held' === $_SERVER['REQUEST_URI'] ) { echo json_encode( array_keys( opcache_get_status()['scripts'] ) ); return; }
require '${folder}/run/web/router.php';`,
  );
  server = startServer(['php', '-S', `127.0.0.1:${port}`, '-t', join(folder, 'www'), router], {
    log,
    environment: {
      PATH: process.env['PATH'],
      WPCLONE_INSTANCE: folder,
      PHP_INI_SCAN_DIR: `:${join(folder, 'run/php')}`,
      PHP_CLI_SERVER_WORKERS: '2',
    },
  });
  await waitFor('PHP', () => get('/held'), log);
});
afterAll(() => server.stop());

async function get(path: string) {
  const { statusCode, body } = await request(`${base}${path}`);
  return { status: statusCode, text: await body.text() };
}

function wordpress(core: string, files: Readonly<Record<string, string>>): void {
  for (const [name, code] of Object.entries(files)) {
    mkdirSync(dirname(join(core, name)), { recursive: true });
    writeFileSync(join(core, name), code);
    // PHP keeps nothing that is younger than two seconds.
    utimesSync(join(core, name), 1_700_000_000, 1_700_000_000);
  }
}

test('what WordPress loads for every page is compiled before the clone answers, run by nobody', async () => {
  const core = join(folder, 'www/blog');
  wordpress(core, {
    'wp-settings.php': `<?php
require ABSPATH . WPINC . '/plain.php';
require ABSPATH . WPINC . '/broken.php';
require ABSPATH . WPINC . '/gone.php';
require ABSPATH . WPINC . '/../outside.php';
require ABSPATH . 'wp-includes/deep/next.php';`,
    'wp-admin/includes/admin.php': `<?php require_once ABSPATH . 'wp-admin/includes/screen.php';`,
    'wp-admin/includes/screen.php': '<?php class Screen {}',
    'wp-includes/plain.php': `<?php file_put_contents( '${folder}/ran', '' ); function plain() {}`,
    'wp-includes/broken.php': '<?php function {',
    'wp-includes/deep/next.php': '<?php function next_one() {}',
    'outside.php': '<?php',
  });
  await compileCore(base, work);
  const held: string[] = JSON.parse((await get('/held')).text);
  const own = held.filter((file) => file.startsWith(core)).map((file) => file.slice(core.length));
  expect(own.toSorted()).toEqual([
    '/wp-admin/includes/screen.php',
    '/wp-includes/deep/next.php',
    '/wp-includes/plain.php',
  ]);
  expect(existsSync(join(folder, 'ran'))).toBe(false);
  expect(await get('/')).toMatchObject({ status: 503 });
});

test('nobody can ask for it any more when the clone is made', async () => {
  writeFileSync(join(folder, 'run/expires'), '0');
  const { statusCode, body } = await request(`${base}/`, { headers: { 'x-wpclone-compile': '1' } });
  await body.dump();
  expect(statusCode).toBe(410);
});
