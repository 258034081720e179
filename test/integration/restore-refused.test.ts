import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import { load } from 'cheerio';
import { request } from 'undici';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { newRestoreId } from '../../src/restore/write/id.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import { packContent } from '../../src/site/signing.ts';
import { newWriteKeys, writtenText, type WriteKey } from '../../src/site/write/signing.ts';
import { logInCookies } from '../support/log-in.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { restoreKey, writeClient } from '../support/restore.ts';
import { FORM, signedForm } from '../support/signed.ts';
import { startSource, type Source } from '../support/source/index.ts';

let source: Source;
let access: SourceAccess;

beforeAll(async () => {
  source = await startSource();
  access = await installMigrator(source);
});
afterAll(() => source.stop());
// Whatever key an earlier test made would be in the way of the next one.
beforeEach(() => source.query('DROP TABLE IF EXISTS wp_wpclone_restores'));

const restores = (): Promise<unknown[]> => source.query('SELECT id, state, sequence FROM wp_wpclone_restores');

interface Changes {
  readonly key?: WriteKey;
  readonly time?: number;
  readonly method?: 'GET' | 'POST';
  readonly target?: string;
  readonly question?: object;
  /** Changes parts of the signed body: restore, time, nonce, number, signature, content. */
  readonly parts?: (parts: string[]) => void;
}

/** A request as its signer sends it, with changes that the signature does not know of. */
function signed(key: WriteKey, number: number, changes: Changes = {}): string {
  const { time = Math.floor(Date.now() / 1000), question = { op: 'finish' } } = changes;
  const nonce = randomBytes(16).toString('hex');
  const content = packContent(question, true);
  const text = writtenText({ method: 'POST', target: '/', time, nonce, content }, key.restore, number);
  const privateKey = createPrivateKey({ key: Buffer.from(key.privateKey, 'base64url'), format: 'der', type: 'pkcs8' });
  const parts = [
    key.restore,
    String(time),
    nonce,
    String(number),
    sign(null, Buffer.from(text), privateKey).toString('hex'),
    content,
  ];
  changes.parts?.(parts);
  return `wpclone=${parts.join('.')}`;
}

async function send(
  body: string,
  { method = 'POST', target = '/' }: Changes = {},
  cookie = '',
): Promise<{ status: number; text: string }> {
  const headers = { ...FORM, ...(cookie === '' ? {} : { cookie }) };
  const answer = await request(source.url + target, { method, headers, ...(method === 'GET' ? {} : { body }) });
  return { status: answer.statusCode, text: await answer.body.text() };
}

const REFUSED = { status: 401, text: '{"wpclone":2,"error":"refused","message":"The signature is not accepted."}' };

describe('the write half answers nobody but the holder of the key of a restore', () => {
  it('gives one and the same answer to whatever is wrong, and does nothing', async () => {
    const key = await restoreKey(source);
    const before = await restores();
    const other: WriteKey = { ...key, privateKey: newWriteKeys().privateKey };
    const now = Math.floor(Date.now() / 1000);
    const wrong: readonly [string, string, Changes?][] = [
      ['without a signature', signed(key, 5, { parts: (parts) => (parts[4] = '0'.repeat(128)) })],
      ['without parts', 'wpclone=rst-'],
      ['with a part more', signed(key, 5, { parts: (parts) => parts.splice(1, 0, '1') })],
      ['by another key', signed(other, 5)],
      ['of a restore that there is none of', signed({ ...key, restore: 'rst-zzzzzzzz' }, 5)],
      ['for another restore', signed(key, 5, { parts: (parts) => (parts[0] = 'rst-zzzzzzzz') })],
      ['with another number', signed(key, 5, { parts: (parts) => (parts[3] = '6') })],
      ['with another time', signed(key, 5, { parts: (parts) => (parts[1] = String(now + 1)) })],
      ['with another nonce', signed(key, 5, { parts: (parts) => (parts[2] = '0'.repeat(32)) })],
      ['with another content', signed(key, 5, { parts: (parts) => (parts[5] = packContent({ op: 'status' }, true)) })],
      ['to another path', signed(key, 5), { target: '/index.php' }],
      ['with a query', signed(key, 5), { target: '/?a=b' }],
      ['too old', signed(key, 5, { time: now - 310 })],
      ['from the future', signed(key, 5, { time: now + 310 })],
      ['signed by the key for reading', signedForm(access, { op: 'finish' }).replace(access.keyId, key.restore)],
    ];
    for (const [name, body, changes] of wrong)
      expect({ name, ...(await send(body, changes)) }).toEqual({ name, ...REFUSED });
    expect(await restores()).toEqual(before);
    expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone\\_rst%'")).toEqual([]);
  });

  it('gives it whatever is asked for, and whoever is logged in: no session writes', async () => {
    const key = await restoreKey(source);
    const other: WriteKey = { ...key, privateKey: newWriteKeys().privateKey };
    const people = [
      ['nobody', ''],
      ['a subscriber', await logInCookies(source, source.subscriberUser, source.subscriberPassword)],
      ['an editor', await logInCookies(source, source.editorUser, source.editorPassword)],
      ['an administrator', await logInCookies(source, source.adminUser, source.adminPassword)],
    ] as const;
    const taken = signed(key, 5, { question: { op: 'status' } });
    expect((await send(taken)).status).toBe(200);
    const before = await restores();
    // Those that there are, not those that we know: what is added later is attacked too.
    const operations = z
      .array(z.string())
      .min(11)
      .parse(
        JSON.parse(
          await source.php(
            "require_once WP_PLUGIN_DIR . '/wpclone-migrator/includes/write/server.php'; echo json_encode( array_keys( Wpclone\\Migrator\\WRITE_OPERATIONS ) );",
          ),
        ),
      );
    const old = Math.floor(Date.now() / 1000) - 310;
    for (const op of operations)
      for (const [who, cookie] of people) {
        const wrong = [
          signed(key, 6, { question: { op }, parts: (parts) => (parts[4] = '0'.repeat(128)) }),
          signed(key, 6, { question: { op: 'other' }, parts: (parts) => (parts[5] = packContent({ op }, true)) }),
          signed(other, 6, { question: { op } }),
          signed(key, 6, { question: { op }, time: old }),
          signed(key, 5, { question: { op } }),
          signed(key, 4, { question: { op } }),
          signed(key, 6, { question: { op }, parts: (parts) => (parts[0] = 'rst-zzzzzzzz') }),
          signedForm(access, { op }).replace(access.keyId, key.restore),
          `wpclone=${key.restore}.`,
        ];
        const answers = await Promise.all(wrong.map((body) => send(body, {}, cookie)));
        expect({ op, who, answers }).toEqual({ op, who, answers: wrong.map(() => REFUSED) });
      }
    expect(await send(taken)).toEqual(REFUSED);
    expect(await restores()).toEqual(before);
    expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone\\_rst%'")).toEqual([]);
  });

  it('takes each request once, and none that is older than one it has taken', async () => {
    const key = await restoreKey(source);
    const status = (number: number): string => signed(key, number, { question: { op: 'status' } });
    const first = status(10);
    expect((await send(first)).status).toBe(200);
    expect(await send(first)).toEqual(REFUSED);
    expect(await send(status(9))).toEqual(REFUSED);
    expect(await send(status(10))).toEqual(REFUSED);
    expect((await send(status(11))).status).toBe(200);
    const copies = await Promise.all(
      Array.from({ length: 6 }, () => send(signed(key, 12, { question: { op: 'status' } }))),
    );
    expect(copies.filter(({ status: code }) => code === 200)).toHaveLength(1);
  });

  it('takes no key that is half an hour old, used or not, whose administrator lost their rights, or that made way for another', async () => {
    const key = await restoreKey(source);
    await source.query('UPDATE wp_wpclone_restores SET keyed = keyed - 1700');
    expect((await send(signed(key, 4, { question: { op: 'status' } }))).status).toBe(200);
    await source.query('UPDATE wp_wpclone_restores SET keyed = keyed - 110');
    expect(await send(signed(key, 5))).toEqual(REFUSED);
    await source.query('UPDATE wp_wpclone_restores SET keyed = keyed + 1810, user_id = 1');
    expect(await send(signed(key, 5))).toEqual(REFUSED);
    await source.query('UPDATE wp_wpclone_restores SET user_id = 0');
    const again = await restoreKey(source, key.restore);
    expect(await send(signed(key, 5))).toEqual(REFUSED);
    expect((await send(signed(again, 5))).status).toBe(200);
  });

  it('does not let the key of a restore read, nor a key for reading write', async () => {
    const key = await restoreKey(source);
    const { text } = await send(signed(key, 5, { question: { op: 'rows', tables: [] } }));
    expect(text).toContain('"error":"bad_request"');
    expect((await send(signedForm(access, { op: 'apply' }))).text).toContain('"error":"bad_request"');
    expect((await send(signed(key, 6))).text).toContain('"state":"gone"');
  });

  it('lets one restore at a time be written, and no other take its place', async () => {
    const key = await restoreKey(source);
    await expect(restoreKey(source)).rejects.toThrow();
    await writeClient(access, key).finish(never);
    const next = await restoreKey(source);
    await writeClient(access, next).finish(never);
    expect(await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).toEqual([]);
  });
});

/** A nonce as WordPress would make it for this user, who may get to see none. */
async function nonceFor(user: string, cookie: string): Promise<string> {
  const value = /wordpress_logged_in_[^=]+=([^;]+)/.exec(cookie)?.[1] ?? '';
  return source.php(
    `$_COOKIE[LOGGED_IN_COOKIE] = urldecode( '${value}' ); wp_set_current_user( get_user_by( 'login', '${user}' )->ID ); echo wp_create_nonce( 'wpclone_restore_key' );`,
  );
}

async function askForKey(
  cookie: string,
  nonce: string,
  fields: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const answer = await request(`${source.siteUrl}/wp-admin/admin-ajax.php`, {
    method: 'POST',
    headers: { ...FORM, cookie },
    body: new URLSearchParams({
      action: 'wpclone_restore_key',
      _wpnonce: nonce,
      restore: newRestoreId(randomBytes),
      public_key: newWriteKeys().publicKey,
      include: '',
      ...fields,
    }).toString(),
  });
  return { status: answer.statusCode, text: await answer.body.text() };
}

describe('a key of a restore', () => {
  const none = async (): Promise<boolean> => (await source.query("SHOW TABLES LIKE 'wp\\_wpclone%'")).length === 0;

  it('is given to an administrator who has just logged in, and to nobody else', async () => {
    const people = [
      [source.subscriberUser, source.subscriberPassword],
      [source.editorUser, source.editorPassword],
    ] as const;
    for (const [user, password] of people) {
      const cookie = await logInCookies(source, user, password);
      const answer = await askForKey(cookie, await nonceFor(user, cookie));
      expect({ user, ...answer }).toMatchObject({
        user,
        status: 403,
        text: expect.stringContaining('not_administrator') as string,
      });
    }
    expect(await askForKey('', 'x')).toMatchObject({ status: 400, text: '0' });
    const admin = await logInCookies(source, source.adminUser, source.adminPassword);
    expect((await askForKey(admin, 'x')).text).toContain('bad_nonce');
    const page = await request(`${source.siteUrl}/wp-admin/tools.php?page=wpclone-migrator`, {
      headers: { cookie: admin },
    });
    const nonce = load(await page.body.text())('#wpclone-restore').attr('data-nonce') ?? '';
    for (const fields of [
      { restore: 'rst-' },
      { restore: '../rst-aaaaaaaa' },
      { public_key: 'x' },
      { include: 'everything' },
    ] as Record<string, string>[])
      expect((await askForKey(admin, nonce, fields)).text).toContain('bad_request');
    expect(await none()).toBe(true);
    const given = await askForKey(admin, nonce, { include: 'users,roles' });
    expect(given).toMatchObject({ status: 200, text: expect.stringContaining('"state":"new"') as string });
    expect(await source.query('SELECT include, LENGTH(public_key) AS l FROM wp_wpclone_restores')).toEqual([
      { include: 'users,roles', l: 64 },
    ]);
    await source.query('DROP TABLE wp_wpclone_restores');
  });

  it('is not given to an old session, nor where the database user may make no table', async () => {
    const admin = await logInCookies(source, source.adminUser, source.adminPassword);
    const nonce = await nonceFor(source.adminUser, admin);
    await source.php(
      `$id = get_user_by( 'login', '${source.adminUser}' )->ID; $all = get_user_meta( $id, 'session_tokens', true ); foreach ( $all as &$one ) { $one['login'] -= 1000; } update_user_meta( $id, 'session_tokens', $all );`,
    );
    expect((await askForKey(admin, nonce)).text).toContain('not_fresh');
    const fresh = await logInCookies(source, source.adminUser, source.adminPassword);
    const user = `'${source.database.user}'`;
    for (const host of ["'%'", "'localhost'"])
      await source.query(`REVOKE CREATE ON \`${source.database.name}\`.* FROM ${user}@${host}`);
    const answer = await askForKey(fresh, await nonceFor(source.adminUser, fresh));
    for (const host of ["'%'", "'localhost'"])
      await source.query(`GRANT CREATE ON \`${source.database.name}\`.* TO ${user}@${host}`);
    expect(answer).toMatchObject({ status: 409, text: expect.stringContaining('no_create') as string });
    expect(await none()).toBe(true);
  });
});
