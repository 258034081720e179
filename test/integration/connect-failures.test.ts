import { afterEach, describe, expect, test } from 'vitest';
import { connectSource } from '../../src/site/connect/connect.ts';
import { asAdmin, connectDeps, type Listener, listen, traces } from '../support/connecting.ts';
import type { Source, SourceOptions } from '../support/source/index.ts';
import { sourcesOnOneServer } from '../support/source/one-server.ts';
import { failureOf } from '../support/work.ts';

const startSource = sourcesOnOneServer();

const opened: { stop?: () => Promise<void>; close?: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await (each.stop ?? each.close)?.();
});
const start = async (options?: SourceOptions): Promise<Source> => {
  const source = await startSource(options);
  opened.push(source);
  return source;
};
const fake = async (...answer: Parameters<typeof listen>): Promise<Listener> => {
  const listener = await listen(...answer);
  opened.push(listener);
  return listener;
};
const saying = (password: string) => ({ password: () => Promise.resolve(password) });
const somebody = { username: 'admin', password: () => Promise.resolve('Unsaid-words-77'), insecureTls: false };

describe('a log-in that is refused', () => {
  test('because of a wrong password says what WordPress says, without the password, and changes nothing', async () => {
    const source = await start();
    const error = await failureOf(connectSource(asAdmin(source, saying('Not-the-password-1')), connectDeps()));
    expect(error.code).toBe('LOGIN_FAILED');
    expect(error.message).toContain('The password you entered for the username admin is incorrect.');
    expect(error.message).not.toMatch(/<|Not-the-password/);
    expect(await traces(source)).toEqual([]);
  });

  test('because something is printed before cookies can be set, as WordPress says, and nothing is said of the password', async () => {
    const notice = '<?php echo "<b>Notice</b>: Undefined index in early.php"; flush();';
    const early = { muPlugins: { 'early.php': notice }, ini: { output_buffering: '0' } };
    const error = await failureOf(connectSource(asAdmin(await start(early)), connectDeps()));
    expect(error.code).toBe('COOKIES_BLOCKED');
    expect(error.message).toContain('Cookies are blocked due to unexpected output.');
    expect(error.message).toContain('Printed before the page: Notice: Undefined index in early.php');
    expect(error.nextSteps.join()).not.toContain('Check the user name');
  });

  test('because nobody has that name', async () => {
    const source = await start();
    const error = await failureOf(connectSource(asAdmin(source, { username: 'nobody' }), connectDeps()));
    expect(error.code).toBe('LOGIN_FAILED');
    expect(error.message).toContain('nobody is not registered on this site');
  });

  test.each(['editor', 'subscriber'] as const)('because the %s is not an administrator', async (role) => {
    const source = await start();
    const username = source[`${role}User`];
    const password = (): Promise<string> => Promise.resolve(source[`${role}Password`]);
    const error = await failureOf(connectSource(asAdmin(source, { username, password }), connectDeps()));
    expect(error.code).toBe('NOT_ADMINISTRATOR');
    expect(await traces(source)).toEqual([]);
  });

  test('because the site keeps this user out of its administration', async () => {
    const shop = `<?php add_action( 'admin_init', function () {
      if ( ! current_user_can( 'edit_posts' ) && ! wp_doing_ajax() ) { wp_safe_redirect( home_url( '/about/' ) ); exit; }
    } );`;
    const source = await start({ muPlugins: { 'shop.php': shop } });
    const customer = { username: source.subscriberUser, ...saying(source.subscriberPassword) };
    const error = await failureOf(connectSource(asAdmin(source, customer), connectDeps()));
    expect(error.code).toBe('NOT_ADMINISTRATOR');
  });

  test.each(['page', 'field'] as const)('because a second factor is asked for (%s)', async (secondFactor) => {
    const source = await start({ secondFactor });
    const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
    expect(error.code).toBe('SECOND_FACTOR');
    expect(await traces(source)).toEqual([]);
  });

  test('because a code is asked for, by a plugin that nobody here has seen', async () => {
    const code = `<?php add_filter( 'authenticate', function ( $user ) { if ( ! $user instanceof WP_User ) { return $user; }
      echo '<form method="post"><label>We sent you a mail <input type="text" name="mail_code"></label><button>Go</button></form>'; exit; }, 99 );`;
    const source = await start({ muPlugins: { 'code.php': code } });
    expect((await failureOf(connectSource(asAdmin(source), connectDeps()))).code).toBe('SECOND_FACTOR');
  });

  test('because the log-in page breaks is told as that', async () => {
    const broken = `<?php add_action( 'login_init', function () { undefined_function_of_a_plugin(); } );`;
    const source = await start({ muPlugins: { 'broken.php': broken } });
    const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
    expect(error.code).toBe('SOURCE_FAILED');
    expect(error.message).toContain('answers /wp-login.php with HTTP 500');
  });

  test('because the password is wrong, although a second factor would be asked for too', async () => {
    const source = await start({ secondFactor: 'field' });
    const error = await failureOf(connectSource(asAdmin(source, saying('wrong')), connectDeps()));
    expect(error.code).toBe('LOGIN_FAILED');
  });
});

describe('an address', () => {
  test('that is not WordPress is refused before a password is asked for', async () => {
    const site = await fake((_, response) => response.end('<title>Hello</title><p>Just a page.</p>'));
    let asked = false;
    const password = (): Promise<string> => {
      asked = true;
      return Promise.resolve('x');
    };
    const error = await failureOf(connectSource({ ...somebody, password, url: site.url() }, connectDeps()));
    expect(error.code).toBe('NOT_WORDPRESS');
    expect(asked).toBe(false);
  });

  test('where nothing listens is unreachable', async () => {
    const site = await listen((_, response) => response.end());
    await site.close();
    const error = await failureOf(connectSource({ ...somebody, url: site.url() }, connectDeps()));
    // Told at once, also by a job: a typed address does not get better by waiting.
    expect([error.code, error.retryable]).toEqual(['UNREACHABLE', false]);
    expect(error.message).toContain('nothing listens there');
  });

  test('whose name does not exist is unreachable', async () => {
    const error = await failureOf(connectSource({ ...somebody, url: 'https://no-such-site.invalid' }, connectDeps()));
    expect(error.code).toBe('UNREACHABLE');
  });

  test('that closes the connection is unreachable', async () => {
    const site = await fake((request) => request.socket.destroy());
    const error = await failureOf(connectSource({ ...somebody, url: site.url() }, connectDeps()));
    expect(error.code).toBe('UNREACHABLE');
  });

  test('where something else than a web server speaks is unreachable', async () => {
    const site = await fake((request) => request.socket.end('220 mail.example ESMTP\r\n'));
    const error = await failureOf(connectSource({ ...somebody, url: site.url() }, connectDeps()));
    expect(error.code).toBe('UNREACHABLE');
    expect(error.message).toContain('not a web server');
  });

  test('that leads to another host is not followed', async () => {
    const elsewhere = await fake((_, response) => response.end('<link href="/wp-content/x.css">'));
    const site = await fake((_, response) => response.writeHead(301, { location: elsewhere.url('localhost') }).end());
    const error = await failureOf(connectSource({ ...somebody, url: site.url() }, connectDeps()));
    expect(error.code).toBe('REDIRECTED_ELSEWHERE');
    expect(error.nextSteps.join()).toContain(elsewhere.url('localhost'));
    expect(elsewhere.received).toEqual([]);
  });

  test('that redirects in a circle ends', async () => {
    const site = await fake((_, response) => response.writeHead(302, { location: '/' }).end());
    expect((await failureOf(connectSource({ ...somebody, url: site.url() }, connectDeps()))).code).toBe(
      'SOURCE_FAILED',
    );
  });

  test.each(['ftp://x.example', 'http://', 'https://admin:secret@x.example', 'not a site'])(
    '%s is no site',
    async (url) => {
      expect((await failureOf(connectSource({ ...somebody, url }, connectDeps()))).code).toBe('BAD_URL');
    },
  );
});

test('a certificate that cannot be verified stops us, and --insecure goes on', async () => {
  const source = await start({ https: true });
  const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
  expect(error.code).toBe('TLS_FAILED');
  expect(error.message).toContain('self-signed certificate');
  expect(error.nextSteps.join()).toContain('--insecure');

  const connection = await connectSource(asAdmin(source, { insecureTls: true }), connectDeps());
  expect(connection).toMatchObject({ way: 'http', access: { insecureTls: true, url: source.url } });
});

test('a site asked for over https that leads to http is not followed there', async () => {
  const source = await start({ https: true, nginx: 'location = / { return 301 http://$http_host/; }' });
  const error = await failureOf(connectSource(asAdmin(source, { insecureTls: true }), connectDeps()));
  expect(error.code).toBe('REDIRECTED_ELSEWHERE');
  expect(error.nextSteps.join()).toContain(source.url.replace('https:', 'http:'));
});

test('the password goes to no other host, wherever the log-in form says it should', async () => {
  const thief = await fake((_, response) => response.end());
  const front = '<link rel="https://api.w.org/" href="/wp-json/"><link href="/wp-includes/x.css">';
  const site = await fake((request, response) => {
    const form = `<form id="loginform" method="post" action="${thief.url('localhost')}/take"><input name="log"><input type="password" name="pwd"><button>Go</button></form>`;
    response.setHeader('content-type', 'text/html');
    response.end(request.url?.includes('wp-login') ? form : front);
  });
  const error = await failureOf(connectSource({ ...somebody, url: site.url() }, connectDeps()));
  expect(error).toMatchObject({ code: 'REDIRECTED_ELSEWHERE', details: { target: thief.url('localhost') } });
  expect(thief.received.join()).not.toContain('Unsaid');
});

describe('what stands before WordPress', () => {
  test('asks for a password of its own', async () => {
    const source = await start({ basicAuth: { user: 'staging', password: 'staging' } });
    expect((await failureOf(connectSource(asAdmin(source), connectDeps()))).code).toBe('HTTP_AUTH_REQUIRED');
  });

  test('refuses us', async () => {
    const source = await start({ nginx: 'return 403;' });
    expect((await failureOf(connectSource(asAdmin(source), connectDeps()))).code).toBe('SOURCE_BLOCKED');
  });

  test('limits requests: waited for, and said', async () => {
    // So few that a slow machine reaches the limit too.
    const source = await start({ rateLimit: { perMinute: 60, burst: 2, status: 429 } });
    const deps = connectDeps();
    const connection = await connectSource(asAdmin(source), deps);
    expect(connection.way).toBe('http');
    expect(deps.events.filter(({ type }) => type === 'retry').length).toBeGreaterThan(0);
  });

  test('asks for more patience than we have', async () => {
    const source = await start({
      nginx:
        'error_page 503 /busy; location = /busy { internal; add_header Retry-After 600 always; return 503; } location ~ wp-login { return 503; } location = / { return 503; }',
    });
    const error = await failureOf(connectSource(asAdmin(source), connectDeps()));
    expect(error).toMatchObject({ code: 'RATE_LIMITED', retryAfter: 600 });
  });
});

test('a network of sites is refused before anything is installed', async () => {
  const source = await start({ multisite: true });
  expect((await failureOf(connectSource(asAdmin(source), connectDeps()))).code).toBe('MULTISITE');
  expect(await traces(source)).toEqual([]);
});

test('a site that needs a log-in says so when no name or password was given', async () => {
  const source = await start();
  const { url } = source;
  expect((await failureOf(connectSource({ url, insecureTls: false }, connectDeps()))).code).toBe('BAD_INPUT');
  const nameOnly = { url, insecureTls: false, username: 'admin' };
  expect((await failureOf(connectSource(nameOnly, connectDeps()))).code).toBe('PASSWORD_MISSING');
});
