import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyClone, type CopiedClone } from '../support/copied-clone.ts';
import { openTestHome, type TestHome } from '../support/local-runtime.ts';
import { startServer, waitFor, type Server } from '../support/servers.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { freePort, makeTemp } from '../support/temp.ts';

let home: TestHome;
let source: Source;
let clone: CopiedClone;
let servers: Server[] = [];
let base: string;

/** The same clone behind nginx and PHP-FPM, as the image for pods serves it. */
beforeAll(async () => {
  home = openTestHome();
  source = await startSource({ posts: 2 });
  clone = await copyClone(home, source);
  const { folder, www, run } = home.paths(clone.id);
  const web = makeTemp('fpm');
  const port = await freePort();
  base = `http://127.0.0.1:${port}`;
  const user = process.getuid?.() === 0 ? 'user = root\ngroup = root' : '';
  writeFileSync(
    join(web, 'fpm.conf'),
    `[global]\nerror_log = ${web}/fpm.log\ndaemonize = no\n[www]\n${user}\nlisten = ${web}/php.sock\npm = static\npm.max_children = 2\nclear_env = no\n`,
  );
  mkdirSync(join(web, 'tmp'));
  writeFileSync(
    join(web, 'nginx.conf'),
    `daemon off; pid ${web}/nginx.pid; error_log ${web}/nginx.log; ${user === '' ? '' : 'user root;'} events {}
     http { include /etc/nginx/mime.types; access_log off; client_body_temp_path ${web}/tmp; fastcgi_temp_path ${web}/tmp;
       server { listen 127.0.0.1:${port}; root ${www};
         location / { fastcgi_pass unix:${web}/php.sock; include /etc/nginx/fastcgi_params;
           fastcgi_param SCRIPT_FILENAME ${run}/web/router.php; }
         location /-/wpclone/static/ { internal; alias ${www}/; } } }`,
  );
  const environment = {
    PATH: process.env['PATH'],
    WPCLONE_INSTANCE: folder,
    WPCLONE_PHP: '/usr/bin/php',
    PHP_INI_SCAN_DIR: `:${join(run, 'php')}`,
  };
  const log = join(web, 'servers.log');
  servers = [
    startServer(['php-fpm8.2', '-F', '-R', '-y', join(web, 'fpm.conf')], { log, environment }),
    startServer(['nginx', '-p', web, '-c', join(web, 'nginx.conf')], { log }),
  ];
  await waitFor('nginx', answersRobots, log);
});

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await Promise.all([home.close(), source.stop()]);
});

async function answersRobots(): Promise<void> {
  const { status } = await get('/robots.txt');
  if (status !== 200) throw new Error(`answered ${status}`);
}

async function get(path: string, host = new URL(clone.url).host) {
  const answer = await request(`${base}${path}`, { headers: { host } });
  return {
    status: answer.statusCode,
    type: answer.headers['content-type'],
    location: answer.headers['location'],
    body: await answer.body.text(),
  };
}

test('pages, scripts, folders and static files are answered as by the local server', async () => {
  expect(await get('/')).toMatchObject({
    location: undefined,
    status: 200,
    body: expect.stringContaining('wpclone-bar') as unknown,
  });
  expect((await get('/wp-login.php')).body).toContain('name="pwd"');
  expect((await get('/wp-admin')).status).toBe(302);
  expect((await get('/no-such-page/')).status).toBe(404);
  expect(await get('/wp-includes/css/buttons.css')).toMatchObject({ status: 200, type: 'text/css' });
  expect((await get('/wp-includes/images/blank.gif')).type).toBe('image/gif');
  expect((await get('/.htaccess')).status).toBe(404);
  expect((await get('/-/wpclone/static/wp-config.php')).status).toBe(404);
});

test('a name that is not the clone’s gets 421, whatever it asks for', async () => {
  for (const path of ['/', '/wp-includes/css/buttons.css', '/robots.txt'])
    expect((await get(path, 'rebound.example')).status).toBe(421);
  // A probe asks for the address that it connects to; a forwarded port is another one than the clone knows.
  for (const host of [new URL(base).host, 'localhost:9999', '[::1]:9999'])
    expect((await get('/robots.txt', host)).status).toBe(200);
});

test('after the end even a static file is gone', async () => {
  await clone.instance.operations.setExpiry(Date.now() - 1000, new AbortController().signal);
  expect((await get('/wp-includes/css/buttons.css')).status).toBe(410);
  expect((await get('/')).status).toBe(410);
});
