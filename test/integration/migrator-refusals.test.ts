import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceAccess } from '../../src/site/access.ts';
import { packContent } from '../../src/site/signing.ts';
import { packagePath } from '../../src/shared/package-root.ts';
import { collectFiles, collectRows, installMigrator, never, pair, testClient } from '../support/migrator.ts';
import { FORM, signedForm } from '../support/signed.ts';
import { startSource, type Source } from '../support/source/index.ts';

let source: Source;
let access: SourceAccess;

beforeAll(async () => {
  source = await startSource();
  access = await installMigrator(source);
});
afterAll(() => source.stop());

interface Changes {
  readonly method?: 'GET' | 'POST';
  readonly target?: string;
  readonly time?: number;
  readonly key?: Pick<SourceAccess, 'keyId' | 'secret'>;
  /** Changes parts of the signed body: key, time, nonce, signature, content. */
  readonly parts?: (parts: string[]) => void;
}

const QUESTION = { op: 'manifest', roots: [] };

/** Signs a proper request, then sends it with changes that the signature does not know of. */
async function send(changes: Changes = {}): Promise<{ status: number; text: string }> {
  const { method = 'POST', target = '/', key = access, time } = changes;
  const parts = signedForm(key, QUESTION, time).replace('wpclone=', '').split('.');
  changes.parts?.(parts);
  const body = `wpclone=${encodeURIComponent(parts.join('.'))}`;
  const answer = await request(source.url + target, { method, headers: FORM, ...(method === 'GET' ? {} : { body }) });
  return { status: answer.statusCode, text: await answer.body.text() };
}

const refused = { status: 401, text: expect.stringContaining('"error":"refused"') as string };

describe('the migrator answers only requests that a paired client signed', () => {
  it('answers a proper one', async () => {
    expect((await send()).text).toContain('WPCLONE1');
  });

  it('refuses without a signature', async () => {
    expect(await send({ parts: (parts) => (parts[3] = '') })).toMatchObject(refused);
    expect(await send({ parts: (parts) => parts.splice(0, 5, 'x') })).toMatchObject(refused);
    expect(await send({ parts: (parts) => parts.push('7b7d') })).toMatchObject(refused);
  });

  it('is silent to a request without a key: the site answers as ever', async () => {
    for (const body of ['', 'x=1', 'wpclone[]=1', JSON.stringify({ wpclone: '1' })]) {
      const answer = await request(source.url, { method: 'POST', headers: FORM, body });
      expect(await answer.body.text()).toContain('</html>');
    }
    expect(await (await request(`${source.url}/?${signedForm(access, QUESTION)}`)).body.text()).toContain('</html>');
  });

  it('refuses an altered content, path, query and time, and a new nonce', async () => {
    const other = packContent({ op: 'manifest', roots: ['core'] }, true);
    const now = Math.floor(Date.now() / 1000);
    expect(await send({ parts: (parts) => (parts[4] = other) })).toMatchObject(refused);
    expect(await send({ target: '/index.php' })).toMatchObject(refused);
    expect(await send({ target: '/?a=b' })).toMatchObject(refused);
    expect(await send({ parts: (parts) => (parts[1] = String(now - 7)) })).toMatchObject(refused);
    expect(await send({ parts: (parts) => (parts[2] = '0'.repeat(32)) })).toMatchObject(refused);
  });

  it('refuses an unknown key, the wrong secret and a key of another form', async () => {
    const secret = randomBytes(32).toString('base64url');
    expect(await send({ key: { ...access, secret } })).toMatchObject(refused);
    expect(await send({ key: { ...access, keyId: '0123456789abcdef' } })).toMatchObject(refused);
    expect(await send({ key: { keyId: "1' OR '1'='1", secret } })).toMatchObject(refused);
  });

  it('refuses a key whose stored secret is empty or broken, whatever it is signed with', async () => {
    for (const stored of ['{"secret":"","made":9999999999,"used":9999999999}', '{"secret":null}', 'null', '']) {
      await source.query(
        `REPLACE INTO wp_options (option_name, option_value, autoload) VALUES ('wpclone_migrator_key_aaaaaaaaaaaaaaaa', '${stored}', 'no')`,
      );
      expect(await send({ key: { keyId: 'aaaaaaaaaaaaaaaa', secret: '' } })).toMatchObject(refused);
    }
  });

  it('answers one of many copies of a request', async () => {
    const body = signedForm(access, QUESTION);
    const copies = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const answer = await request(source.url, { method: 'POST', headers: FORM, body });
        return { status: answer.statusCode, text: await answer.body.text() };
      }),
    );
    expect(copies.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(copies.filter(({ text }) => text.includes('"error":"replayed"'))).toHaveLength(7);
  });

  it('refuses a late one and one from the future, and tells its time', async () => {
    for (const seconds of [-310, 310]) {
      const { status, text } = await send({ time: Math.floor(Date.now() / 1000) + seconds });
      expect(status).toBe(401);
      expect(text).toMatch(/"error":"late".*"time":\d{10}/);
    }
  });

  it('prunes nonces that are too old to matter', async () => {
    const name = `wpclone_migrator_nonce_${Math.floor(Date.now() / 1000) - 4000}_${'0'.repeat(32)}`;
    await source.query(`INSERT INTO wp_options (option_name, option_value, autoload) VALUES ('${name}', '', 'no')`);
    const left = async (): Promise<number> =>
      (await source.query(`SELECT 1 FROM wp_options WHERE option_name = '${name}'`)).length;
    await expect.poll(async () => send().then(left)).toBe(0);
  });

  it('refuses a key that was not used for an hour', async () => {
    const old = await pair(source);
    await source.query(
      `UPDATE wp_options SET option_value = JSON_SET(option_value, '$.used', ${Math.floor(Date.now() / 1000) - 3700}) WHERE option_name = 'wpclone_migrator_key_${old.keyId}'`,
    );
    expect(await send({ key: old })).toMatchObject(refused);
  });
});

describe('the migrator hands out only the site’s own files', () => {
  const ask = async (...paths: string[]): Promise<(string | undefined)[]> => {
    const client = testClient(access);
    const files = await collectFiles(
      client.files(
        paths.map((path) => ({ root: 'core', path, size: 0 })),
        never,
      ),
    );
    await client.close();
    return paths.map((path) => files.get(path)?.failed);
  };

  it('not those outside, by dots, absolute, through links, with NUL', async () => {
    symlinkSync('/etc', join(source.path, 'wp-content/uploads/etc'));
    symlinkSync('/etc/hostname', join(source.path, 'wp-content/uploads/hostname'));
    const paths = [
      '../../etc/passwd',
      'wp-content/../../../../../etc/passwd',
      '/etc/passwd',
      'wp-content/uploads/etc/passwd',
      'wp-content/uploads/hostname',
      'index.php\0.txt',
      './index.php',
      'wp-admin//index.php',
      '',
      'wp-admin',
    ];
    expect(await ask(...paths)).toEqual(paths.map(() => 'gone'));
    expect(await ask('index.php')).toEqual([undefined]);
  });

  it('not wp-config.php, its copies, or other secrets, and does not list them either', async () => {
    const secrets = [
      'wp-config.php',
      'wp-config.php.bak',
      'wp-config.bak',
      'wp-config-old.php',
      'WP-CONFIG.PHP~',
      '.wp-config.php.swp',
      'copy of wp-config.php',
      'wp-content/wp-config.php.save',
      '.env',
      '.env.production',
      '.htpasswd',
      '.git/config',
      '.git-credentials',
      '.npmrc',
      '_wpeprivate/config.json',
      'wp-content/plugins/x/.git/HEAD',
      'wp-content/plugins/wpclone-migrator/wpclone-migrator.php',
    ];
    for (const name of ['.git', '_wpeprivate', 'wp-content/plugins/x/.git'])
      mkdirSync(join(source.path, name), { recursive: true });
    for (const name of secrets.filter((each) => !existsSync(join(source.path, each))))
      writeFileSync(join(source.path, name), 'secret');
    writeFileSync(join(source.path, 'wp-content/plugins/x/wp-config-editor.php'), '<?php');
    expect(await ask(...secrets)).toEqual(secrets.map(() => 'gone'));
    const client = testClient(access);
    const listed: string[] = [];
    for await (const entries of client.manifest({ roots: ['core'], exclude: [] }, never))
      listed.push(...entries.map(({ path }) => path));
    await client.close();
    expect(listed.filter((path) => secrets.includes(path) || path.includes('.git'))).toEqual([]);
    expect(listed).toEqual(
      expect.arrayContaining(['wp-config-sample.php', 'wp-content/plugins/x/wp-config-editor.php']),
    );
  });

  it('not the keys and nonces of the migrator', async () => {
    const client = testClient(access);
    const columns = ['option_id', 'option_name', 'option_value', 'autoload'];
    let text = '';
    for await (const block of client.rows([{ name: 'wp_options', columns, key: ['option_id'] }], never))
      text += block.data.toString();
    await client.close();
    expect(text).toContain('siteurl');
    expect(text).not.toContain(access.secret);
    expect(text).not.toContain('wpclone_migrator_');
  });

  it('not tables of others in the same database', async () => {
    await source.query('CREATE TABLE other_secrets (id int primary key)');
    const client = testClient(access);
    const read = client.rows([{ name: 'other_secrets', columns: ['id'], key: ['id'] }], never);
    await expect(collectRows(read)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await client.close();
  });
});

describe('the migrator’s own files', () => {
  it('do nothing when called directly', async () => {
    const files = readdirSync(packagePath('templates/migrator'), { recursive: true, encoding: 'utf8' });
    for (const name of files.filter((file) => file.endsWith('.php'))) {
      const answer = await request(`${source.url}/wp-content/plugins/wpclone-migrator/${name}`, {
        method: 'POST',
        headers: FORM,
        body: signedForm(access, QUESTION),
      });
      expect({ name, text: await answer.body.text() }).toEqual({ name, text: '' });
    }
  });

  it('are never replaced from a directory of plugins, where anybody may take their name', async () => {
    const uri = await source.php(
      "require_once ABSPATH . 'wp-admin/includes/plugin.php'; echo get_plugin_data( WP_PLUGIN_DIR . '/wpclone-migrator/wpclone-migrator.php', false )['UpdateURI'];",
    );
    expect(uri).toBe('false');
  });

  it('leave nothing under the document root', async () => {
    const before = readdirSync(source.content, { recursive: true }).length;
    const client = testClient(access);
    await client.info(never);
    await client.close();
    expect(readdirSync(source.content, { recursive: true })).toHaveLength(before);
  });
});

describe('the migrator goes away', () => {
  const plugin = (): string => join(source.content, 'plugins/wpclone-migrator');
  const options = (): Promise<unknown[]> =>
    source.query("SELECT option_name FROM wp_options WHERE option_name LIKE 'wpclone%'");
  const isActive = (): Promise<string> =>
    source.php(
      "echo in_array( 'wpclone-migrator/wpclone-migrator.php', get_option( 'active_plugins' ), true ) ? 'yes' : 'no';",
    );

  it('an hour after its last use, with keys and files, at the next visit of anybody', async () => {
    await source.query(
      `UPDATE wp_options SET option_value = ${Math.floor(Date.now() / 1000) - 1} WHERE option_name = 'wpclone_migrator_until'`,
    );
    await (await request(source.url)).body.dump();
    expect(await options()).toEqual([]);
    expect(existsSync(plugin())).toBe(false);
    expect(await isActive()).toBe('no');
    const client = testClient(access);
    await expect(client.info(never)).rejects.toMatchObject({ code: 'MIGRATOR_MISSING' });
    await client.close();
  });

  it('when told to, but not while another client is at work', async () => {
    access = await installMigrator(source);
    const other = await pair(source);
    await pair(source);
    const [one, two] = [testClient(access), testClient(other)];
    await two.info(never);
    await one.disconnect(never);
    await expect(one.info(never)).rejects.toMatchObject({ code: 'SIGNATURE_REFUSED' });
    await expect(two.info(never)).resolves.toMatchObject({ protocol: 2 });
    await two.disconnect(never);
    expect(await options()).toEqual([]);
    expect(existsSync(plugin())).toBe(false);
    await Promise.all([one.close(), two.close()]);
  });

  it('loses its keys when its files cannot be deleted', async () => {
    access = await installMigrator(source);
    const folders = [plugin(), join(plugin(), 'includes')];
    const modes = folders.map((folder) => statSync(folder).mode);
    for (const folder of folders) chmodSync(folder, 0o555);
    const client = testClient(access);
    await client.disconnect(never);
    expect(await options()).toEqual([]);
    expect(await isActive()).toBe('no');
    expect(existsSync(plugin())).toBe(true);
    await client.close();
    folders.forEach((folder, at) => chmodSync(folder, modes[at] ?? 0o755));
  });
});
