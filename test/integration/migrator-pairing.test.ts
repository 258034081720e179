import { load } from 'cheerio';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logInCookies } from '../support/log-in.ts';
import { installMigrator, never, testClient } from '../support/migrator.ts';
import { startSource, type Source } from '../support/source/index.ts';

let source: Source;

beforeAll(async () => {
  source = await startSource();
  await installMigrator(source);
});
afterAll(() => source.stop());

async function get(path: string, cookie: string): Promise<string> {
  return (await request(`${source.siteUrl}/wp-admin/${path}`, { headers: { cookie } })).body.text();
}

async function pairWith(
  cookie: string,
  nonce: string,
  method: 'POST' | 'GET' = 'POST',
): Promise<{ status: number; body: unknown }> {
  const form = new URLSearchParams({ action: 'wpclone_pair', _wpnonce: nonce }).toString();
  const url = `${source.siteUrl}/wp-admin/admin-ajax.php`;
  const answer =
    method === 'POST'
      ? await request(url, {
          method,
          headers: { cookie, 'content-type': 'application/x-www-form-urlencoded' },
          body: form,
        })
      : await request(`${url}?${form}`, { headers: { cookie } });
  const text = await answer.body.text();
  return { status: answer.statusCode, body: text.startsWith('{') ? JSON.parse(text) : text };
}

const elementOf = (html: string) => load(html)('#wpclone-pair');

/** A nonce as WordPress would make it for this user, who gets to see none. */
async function nonceFor(user: string, cookie: string): Promise<string> {
  const value = /wordpress_logged_in_[^=]+=([^;]+)/.exec(cookie)?.[1] ?? '';
  return source.php(
    `$_COOKIE[LOGGED_IN_COOKIE] = urldecode( '${value}' ); wp_set_current_user( get_user_by( 'login', '${user}' )->ID ); echo wp_create_nonce( 'wpclone_pair' );`,
  );
}

describe('pairing', () => {
  it('gives an administrator a key that works, from the page and from the notice', async () => {
    const cookie = await logInCookies(source, source.adminUser, source.adminPassword);
    for (const page of ['tools.php?page=wpclone-migrator', 'index.php']) {
      const element = elementOf(await get(page, cookie));
      expect(element).toHaveLength(1);
      expect(element.attr('data-protocol')).toBe('2');
      expect(element.attr('data-ajax')).toBe(`${source.siteUrl}/wp-admin/admin-ajax.php`);
      const { status, body } = await pairWith(cookie, element.attr('data-nonce') ?? '');
      expect({ status, body }).toMatchObject({
        status: 200,
        body: { success: true, data: { protocol: 2, url: source.url } },
      });
      const { data } = body as { data: { url: string; keyId: string; secret: string } };
      expect(Buffer.from(data.secret, 'base64url')).toHaveLength(32);
      const client = testClient({ ...data, endpoint: `${data.url}/`, insecureTls: false });
      await expect(client.info(never)).resolves.toMatchObject({ home: source.url });
      await client.close();
    }
  });

  it('says in the notice that it is active, to administrators only', async () => {
    const admin = await get('index.php', await logInCookies(source, source.adminUser, source.adminPassword));
    expect(load(admin)('.notice').text()).toContain('wpclone migrator is active');
    const editor = await get('index.php', await logInCookies(source, source.editorUser, source.editorPassword));
    expect(editor).not.toContain('wpclone');
  });

  it('refuses users who are not administrators, even with a nonce', async () => {
    for (const [user, password] of [
      [source.editorUser, source.editorPassword],
      [source.subscriberUser, source.subscriberPassword],
    ] as const) {
      const cookie = await logInCookies(source, user, password);
      expect(elementOf(await get('tools.php?page=wpclone-migrator', cookie))).toHaveLength(0);
      const { status, body } = await pairWith(cookie, await nonceFor(user, cookie));
      expect({ status, body }).toEqual({ status: 403, body: { success: false, data: { code: 'not_administrator' } } });
    }
  });

  it('refuses an administrator without a nonce, with another’s, and by GET', async () => {
    const cookie = await logInCookies(source, source.adminUser, source.adminPassword);
    const nonce = elementOf(await get('index.php', cookie)).attr('data-nonce') ?? '';
    const refusal = { status: 403, body: { success: false, data: { code: 'bad_nonce' } } };
    expect(await pairWith(cookie, '')).toEqual(refusal);
    expect(await pairWith(cookie, '0123456789')).toEqual(refusal);
    expect(await pairWith(cookie, nonce, 'GET')).toEqual(refusal);
  });

  it('refuses visitors', async () => {
    expect(await pairWith('', 'x')).toEqual({ status: 400, body: '0' });
  });
});
