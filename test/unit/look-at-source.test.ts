import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { lookAtPages, lookAtSource } from '../../src/site/look-at-source.ts';
import { seenPages } from '../../src/site/looks.ts';
import { listen, type Listener } from '../support/connecting.ts';
import { workContext } from '../support/work.ts';

const SECRETS = { cookies: 'pass=let-me-in', httpAuth: { username: 'staging', password: 'secret' } };

const opened: Listener[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

/** A site that notes who sent it a cookie or a password, as `PATH: cookie`. */
async function site(): Promise<{ site: Listener; heard: string[] }> {
  const heard: string[] = [];
  const listener = await listen(({ url, headers }, response) => {
    const told = ['cookie', 'authorization'].filter((name) => headers[name] !== undefined);
    heard.push(`${url}: ${told.join(', ')}`);
    response.writeHead(200, { 'content-type': 'text/html' }).end('<p>A page</p>');
  });
  opened.push(listener);
  return { site: listener, heard };
}

describe('the looks at a source', () => {
  test('take the cookies of a wall and the web server’s password along, to the site itself and no other', async () => {
    const [own, other] = [await site(), await site()];
    const access = { url: own.site.url(), endpoint: own.site.url(), keyId: '', secret: '', insecureTls: false };
    await lookAtSource({ ...access, ...SECRETS }, { home: own.site.url(), siteurl: other.site.url() }, workContext());
    expect(own.heard).toEqual(['/: cookie, authorization']);
    expect(other.heard).toEqual(['/wp-login.php: ']);
  });

  test('do not take a page that is longer than what is read of it for one that was cut off', async () => {
    const pages = [2 ** 20 - 100, 2 ** 20 + 100].map((length) => `<html>${'x'.repeat(length)}</html>`);
    const long = await listen((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(pages.shift() ?? '<html>cut');
    });
    opened.push(long);
    const access = { url: long.url(), endpoint: long.url(), keyId: '', secret: '', insecureTls: false };
    const look = async () => (await lookAtPages(access, { home: long.url(), siteurl: long.url() }, [new URL(long.url())], workContext()))[0]; // prettier-ignore
    expect([await look(), await look(), await look()]).toMatchObject([{ whole: true }, { whole: undefined }, { whole: false }]); // prettier-ignore
  });

  test('see a page that comes packed though nobody asked for that, and behind more headers than most send', async () => {
    const packing = await listen((_, response) => {
      const headers = {
        'content-type': 'text/html',
        'content-encoding': 'gzip',
        link: '</a.js>; rel=preload, '.repeat(2000),
      };
      response.writeHead(200, headers).end(gzipSync('<html><a href="/wp-content/a.css"></html>'));
    });
    opened.push(packing);
    const access = { url: packing.url(), endpoint: packing.url(), keyId: '', secret: '', insecureTls: false };
    const looks = await lookAtSource(access, { home: packing.url(), siteurl: packing.url() }, workContext());
    expect(looks.front).toMatchObject({ status: 200, wordpress: true, whole: true });
  });

  test('ask for nothing that was seen on the way in, if that came whole and as the page that it was asked for', async () => {
    const { site: own, heard } = await site();
    const access = { url: own.url(), endpoint: own.url(), keyId: '', secret: '', insecureTls: false };
    const page = { url: new URL(`${own.url()}/`), status: 200, headers: {}, text: '<html><p>wp-content/</p></html>' };
    const long = `<html>${'x'.repeat(2 ** 20)}`;
    const look = (...pages: readonly (typeof page)[]) =>
      lookAtSource(access, { home: own.url(), siteurl: own.url() }, workContext(), seenPages(pages));
    expect((await look(page)).front).toMatchObject({ status: 200, place: '', wordpress: true, whole: true });
    expect(heard.splice(0)).toEqual(['/wp-login.php: ']);
    for (const other of [{ status: 503 }, { text: long }, { url: new URL(`${own.url()}/de/`) }])
      await look({ ...page, ...other }, { ...page, url: new URL(`${own.url()}/wp-login.php`) });
    expect(heard).toEqual(['/: ', '/: ', '/: ']);
  });

  test('say whether WordPress made a page', async () => {
    const { site: own } = await site();
    const access = { url: own.url(), endpoint: own.url(), keyId: '', secret: '', insecureTls: false };
    const looks = await lookAtSource(access, { home: own.url(), siteurl: own.url() }, workContext());
    expect(looks.front).toMatchObject({ status: 200, wordpress: false });
  });
});
