import { mkdirSync, renameSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceAccess } from '../../src/site/access.ts';
import { collectFiles, installMigrator, never, pair, testClient } from '../support/migrator.ts';
import { FORM, signedForm } from '../support/signed.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';

let source: Source;
let access: SourceAccess;

beforeAll(async () => {
  source = await startSource();
  access = await installMigrator(source);
});
afterAll(() => source.stop());

/** Sends a question that the key's holder signed, and returns what comes back as text. */
async function ask(question: object, key: Pick<SourceAccess, 'keyId' | 'secret'> = access): Promise<string> {
  return (await request(source.url, { method: 'POST', headers: FORM, body: signedForm(key, question) })).body.text();
}

describe('a key', () => {
  it.each([
    ['another password', (id: number) => `UPDATE wp_users SET user_pass = 'changed' WHERE ID = ${id}`],
    [
      'other rights',
      (id: number) =>
        `UPDATE wp_usermeta SET meta_value = 'a:1:{s:6:"editor";b:1;}' WHERE meta_key = 'wp_capabilities' AND user_id = ${id}`,
    ],
    ['no user any more', (id: number) => `DELETE FROM wp_users WHERE ID = ${id}`],
  ])('ends when its administrator has %s', async (_, change) => {
    const made = `$id = wp_insert_user( array( 'user_login' => 'holder-' . uniqid(), 'user_pass' => 'x', 'role' => 'administrator' ) );`;
    const pairing = `wp_set_current_user( $id ); echo json_encode( Wpclone\\Migrator\\create_key() + array( 'user' => $id ) );`;
    const key: { keyId: string; secret: string; user: number } = JSON.parse(await source.php(made + pairing));
    const proper = () => ask({ op: 'manifest', roots: [] }, key);
    expect(await proper()).toContain('"done":true');
    expect(await proper()).toContain('"done":true');
    await source.query(change(key.user));
    expect(await proper()).toContain('"error":"refused"');
  });

  it('reads no more tables than a client asks for in one request', async () => {
    const tables = (count: number): object => ({
      op: 'rows',
      tables: Array.from({ length: count }, () => ({ name: 'wp_none', columns: ['a'] })),
    });
    expect(await ask(tables(100))).toContain('no_such_table');
    expect(await ask(tables(101))).toContain('bad_request');
  });
});

describe('the migrator hands out', () => {
  const asked = async (...paths: string[]): Promise<(string | undefined)[]> => {
    const client = testClient(access);
    const requests = paths.map((path) => ({ root: 'core', path, size: 0 }));
    const files = await collectFiles(client.files(requests, never));
    await client.close();
    return paths.map((path) => files.get(path)?.failed);
  };

  it('not what lies elsewhere, although upload_path names it; a link to it from the uploads’ own place it does', async () => {
    const roots = async () => {
      const client = testClient(access);
      const info = await client.info(never);
      await client.close();
      return info.roots.map(({ path }) => path);
    };
    const elsewhere = makeTemp('elsewhere');
    for (const path of [elsewhere, '/etc', 'wp-content/../../../etc']) {
      await source.php(`update_option( 'upload_path', '${path}' );`);
      expect((await roots()).filter((root) => root === elsewhere || root === '/etc')).toEqual([]);
    }
    await source.php("delete_option( 'upload_path' );");
    renameSync(join(source.content, 'uploads'), join(source.content, 'uploads-before'));
    symlinkSync(elsewhere, join(source.content, 'uploads'));
    expect(await roots()).toContain(elsewhere);
    unlinkSync(join(source.content, 'uploads'));
    renameSync(join(source.content, 'uploads-before'), join(source.content, 'uploads'));
  });

  it('not what reads like its configuration or a private key, whatever its name; code and public certificates it does', async () => {
    const config = (password: string) =>
      `<?php\n$table_prefix = 'x_';\ndefine( 'DB_PASSWORD', '${password}' );\ndefine( 'DB_USER', 'u' );\n`;
    const key = await source.php('echo AUTH_KEY;');
    const privateKey = `-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n`;
    const texts = {
      '.aws/credentials': 'any',
      'auth.json': 'any',
      id_rsa: 'any',
      'wp-content/certificate.pfx': 'any',
      'wp-content/notes.txt': `for the new host: ${key}`,
      'wp-content/backups/wp-config-old.php': config('of another host'),
      'old.inc': config('of another host'),
      'wp-content/server.key': privateKey,
      'wp-content/site.pem': `-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n${privateKey}`,
      'wp-content/plugins/x/cacert.pem': '-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n',
      'wp-content/plugins/x/template-config.php': config('password_here'),
      'wp-content/plugins/x/config-writer.php': config('{{password}}'),
      'wp-content/plugins/x/conf.php': `<?php echo "-----BEGIN RSA PRIVATE KEY-----"; // an example`,
    };
    for (const name of ['.aws', 'wp-content/backups', 'wp-content/plugins/x'])
      mkdirSync(join(source.path, name), { recursive: true });
    for (const [name, text] of Object.entries(texts)) writeFileSync(join(source.path, name), text);
    const answers = await asked(...Object.keys(texts));
    expect(answers).toEqual([...Array<string>(9).fill('gone'), ...Array<undefined>(4).fill(undefined)]);
    writeFileSync(join(source.path, 'wp-content/hello.php'), config('of another host'));
    expect(await asked('wp-content/hello.php')).toEqual(['secret']);
  });
});

describe('a key', () => {
  it('takes the nonces of its requests with it, and no others', async () => {
    const other = await pair(source);
    const [one, two] = [testClient(access), testClient(other)];
    await Promise.all([one.info(never), two.info(never)]);
    const noncesOf = async ({ keyId }: SourceAccess): Promise<number> => {
      const nonces = `option_name LIKE 'wpclone_migrator_nonce%' AND option_value = '${keyId}'`;
      return (await source.query(`SELECT 1 FROM wp_options WHERE ${nonces}`)).length;
    };
    expect(await noncesOf(access)).toBeGreaterThan(0);
    await one.disconnect(never);
    expect(await noncesOf(access)).toBe(0);
    expect(await noncesOf(other)).toBeGreaterThan(0);
    await Promise.all([one.close(), two.close()]);
    access = other;
  });

  it('that went leaves nothing of a request that began before', async () => {
    // The moment between a look at the key and what is written then.
    const late = `foreach ( array( 'signature', 'nonces' ) as $part ) { require_once WP_PLUGIN_DIR . "/wpclone-migrator/includes/$part.php"; } $key = Wpclone\\Migrator\\find_key( '${access.keyId}' ); Wpclone\\Migrator\\drop_everything();`;
    const written = `$taken = Wpclone\\Migrator\\use_nonce( $key['id'], (string) time(), bin2hex( random_bytes( 16 ) ) ); Wpclone\\Migrator\\touch_key( $key ); echo $taken ? 'taken' : 'refused';`;
    expect(await source.php(late + written)).toBe('refused');
    expect(await source.query("SELECT option_name FROM wp_options WHERE option_name LIKE 'wpclone%'")).toEqual([]);
  });
});
