import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WpcloneError } from '../../src/shared/errors.ts';
import { bareUrl, parseAddress } from '../../src/site/connect/address.ts';
import { judgeAnswer } from '../../src/site/connect/login/answer.ts';
import { loginLinks } from '../../src/site/connect/login/over-http.ts';
import { packPlugin, pluginVersion } from '../../src/site/connect/plugin/zip.ts';
import { findLoginForm } from '../../src/site/connect/visit/login-form.ts';
import { type Page, parsePage, plainWords } from '../../src/site/connect/visit/page.ts';
import { networkFailure } from '../../src/site/http.ts';
import { ownUrl, sameSite } from '../../src/site/own-urls.ts';

const page = (text: string, url = 'https://shop.example/wp-login.php'): Page => ({
  url: new URL(url),
  status: 200,
  headers: {},
  text,
});

describe('an address as typed', () => {
  test.each([
    ['https://x.example', ['https://x.example']],
    ['  x.example  ', ['https://x.example', 'http://x.example']],
    ['x.example:8080/blog/', ['https://x.example:8080/blog', 'http://x.example:8080/blog']],
    ['http://X.Example/blog/wp-admin/post.php?post=1#top', ['http://x.example/blog']],
    ['https://x.example/wp-login.php', ['https://x.example']],
    ['https://x.example/index.php', ['https://x.example']],
    ['https://x.example/wp-administration', ['https://x.example/wp-administration']],
    ['https://bücher.example', ['https://xn--bcher-kva.example']],
    ['localhost:8101', ['https://localhost:8101', 'http://localhost:8101']],
  ])('%s means %j', (typed, urls) => {
    expect(parseAddress(typed).map(bareUrl)).toEqual(urls);
  });

  test('that was understood once is understood the same again', () => {
    fc.assert(
      fc.property(
        fc.webUrl(),
        fc.array(fc.constantFrom('index.php', 'wp-admin', 'blog', '', 'wp-login.php')),
        (url, tail) => {
          const once = parseAddress(`${url}/${tail.join('/')}`).map(bareUrl);
          expect(once.flatMap((each) => parseAddress(each)).map(bareUrl)).toEqual(once);
        },
      ),
    );
  });

  test('never shows the password that somebody put into it', () => {
    let message = '';
    try {
      parseAddress('https://me:hunter2@x.example');
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('password');
    expect(message).not.toContain('hunter2');
  });
});

describe('one site', () => {
  test.each([
    ['http://x.example', 'https://x.example', true],
    ['https://x.example', 'https://www.x.example', true],
    ['https://x.example', 'https://x.example:8443', false],
    ['https://x.example', 'https://x.example.evil', false],
    ['https://x.example', 'https://shop.x.example', false],
    ['http://127.0.0.1:1000', 'http://127.0.0.1:1001', false],
  ])('%s and %s: %s', (one, other, expected) => {
    expect(sameSite(new URL(one), new URL(other))).toBe(expected);
  });

  test('links never lead from https back to http, nor out of the site', () => {
    const base = new URL('https://x.example/a/');
    expect(ownUrl('http://x.example/b', base)?.href).toBe('https://x.example/b');
    expect(ownUrl('//evil.example/b', base)).toBeUndefined();
    expect(ownUrl('javascript:alert(1)', base)).toBeUndefined();
  });
});

test('what a site says is shown without control characters and direction marks, and cut', () => {
  expect(plainWords('a\u001b[31mb\u0007\n\t c\u202Ed')).toBe('a [31mb c d');
  expect(plainWords('x'.repeat(1000))).toHaveLength(300);
});

describe('a log-in form', () => {
  const form = (action: string): string =>
    `<form action="${action}" method="post"><input name="log" value=""><input name="pwd" type="password">
     <input type="hidden" name="nonce" value="a&amp;b"><input type="checkbox" name="rememberme" value="forever"></form>`;

  test('is read with its hidden fields, and stays on https', () => {
    expect(findLoginForm(page(form('http://shop.example/enter')))).toMatchObject({
      action: new URL('https://shop.example/enter'),
      fields: { nonce: 'a&b' },
    });
  });

  test('that leads elsewhere is no form', () => {
    expect(findLoginForm(page(form('https://evil.example/')))).toBeUndefined();
  });

  test('is looked for behind the links that speak of it', () => {
    const links = `<a href="/about/">About</a><a href="/enter/">Anmelden</a><a href="https://evil.example/login">Log in</a>
      <a href="/wp-login.php?action=register">Register</a><a href="/wp-login.php?action=lostpassword">Lost?</a>`;
    expect(loginLinks(page(links)).map((url) => url.pathname)).toEqual(['/enter/']);
  });

  test.each([
    ['<div id="login_error">Falsches Passwort</div><script>add("shake")</script>', 'wrong-password'],
    [
      '<div id="login_error">Cookies sind blockiert: <a href="https://de.wordpress.org/support/article/cookies/">Hilfe</a></div>',
      'no-cookies',
    ],
    ['<div id="login_error">Code?</div><input name="wfls-token">', 'second-factor'],
    ['<form><input autocomplete="one-time-code"></form>', 'second-factor'],
    ['<div id="login_error">No robots</div><div class="cf-turnstile"></div>', 'captcha'],
    ['<p>Hello</p>', 'unclear'],
    ['<form method="post"><input name="mail_code"></form>', 'second-factor'],
    ['<form method="post"><input inputmode="numeric" class="input" name="digits"></form>', 'second-factor'],
    [
      '<form method="post"><input type="number" inputmode="numeric" class="input-text qty" name="quantity"></form>',
      'unclear',
    ],
    ['<form method="post"><input type="text" name="coupon_code" placeholder="Coupon code"></form>', 'unclear'],
    ['<form method="post"><input type="text" name="s_field" placeholder="Your postcode"></form>', 'unclear'],
    ['<form method="get"><input type="text" name="code" placeholder="Code of the article"></form>', 'unclear'],
    ['<form method="post"><input name="captcha_code"></form>', 'captcha'],
  ])('that came back as %s says %s', (html, answer) => {
    expect(judgeAnswer(page(html)).answer).toBe(answer);
  });
});

test('what a connection fails with is told in plain words', () => {
  const url = new URL('https://x.example');
  const failure = (code: string, message = 'x'): unknown =>
    networkFailure(Object.assign(new Error(message), { code }), url);
  expect(failure('ENOTFOUND')).toMatchObject({ code: 'UNREACHABLE', message: expect.stringContaining('no such host') });
  expect(failure('CERT_HAS_EXPIRED', 'certificate has expired')).toMatchObject({ code: 'TLS_FAILED' });
  const plain = failure('EPROTO', 'ssl routines: wrong version number');
  expect(plain).toMatchObject({ details: { notTls: true } });
  expect(plain).toMatchObject({ nextSteps: [expect.stringContaining('x.example speaks http only')] });
  expect(failure('CERT_HAS_EXPIRED', 'certificate has expired')).toMatchObject({
    nextSteps: [expect.stringContaining('--insecure')],
  });
  const coded = new WpcloneError('BUSY', 'x');
  expect(networkFailure(coded, url)).toBe(coded);
});

test('the plugin is packed into the same bytes each time, below its folder, and has a version', async () => {
  const [one, other] = await Promise.all([packPlugin(), packPlugin()]);
  expect(one.equals(other)).toBe(true);
  expect(one.includes('wpclone-migrator/wpclone-migrator.php')).toBe(true);
  expect(await pluginVersion()).toMatch(/^\d+\.\d+\.\d+$/);
});

describe('a page made to keep us busy', () => {
  test.each([
    ['is nested without end', '<div>'.repeat(1_500_000)],
    ['closes what it never opened', '</b>'.repeat(500_000) + '<b><i>'.repeat(1_000_000)],
    ['never comes to the end of a tag', '<a '.repeat(2_000_000)],
    ['has a million elements side by side', '<i></i>'.repeat(1_000_000)],
    ['has a form in each of its forms', '<form>'.repeat(1_000_000)],
  ])('because it %s is searched all the same', (_, text) => {
    expect(findLoginForm(page(text))).toBeUndefined();
  });

  test('is told from one with large drawings, lists and tables without ends', () => {
    const text = `<svg>${'<path d="M0 0"/>'.repeat(5000)}</svg>${'<li>x<p>y'.repeat(20_000)}<form id="f"><input name="log"><input name="pwd"></form>`;
    expect(parsePage(page(text))('#f')).toHaveLength(1);
    expect(findLoginForm(page(text))).toBeDefined();
  });
});
