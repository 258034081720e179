import { createPrivateKey, randomBytes, sign } from 'node:crypto';
import { mkdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyRestoreOf } from '../../src/engine/apply-restore.ts';
import type { WritePort } from '../../src/engine/written.ts';
import { newRestoreId } from '../../src/restore/write/id.ts';
import { newWriteKeys } from '../../src/site/write/signing.ts';
import { connectToWrite } from '../../src/site/connect/by-login.ts';
import { asAdmin, connectDeps } from '../support/connecting.ts';
import { installMigrator } from '../support/migrator.ts';
import { makeRestorable, POLICY, type Restorable } from '../support/restorable.ts';
import { filesBelow, put, restoreFolders } from '../support/restore-files.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { failureOf, workContext } from '../support/work.ts';

let source: Source;
let site: Restorable;
/** Where the links of the live site lead to. */
let content: string;

const forms = (code: string): string =>
  `<?php /* Plugin Name: Forms */ function forms_part() { ${code} } forms_part();`;
/** Ends a request after its page, which only PHP's log shows. */
const LATE =
  "if ( isset( $_SERVER['REQUEST_URI'] ) ) { register_shutdown_function( function () { canary_of_the_log(); } ); }";

beforeAll(async () => {
  source = await startSource({
    plugins: {
      'forms/forms.php': forms(''),
      'tools/tools.php': `<?php /* Plugin Name: Tools */ if ( 'late' === get_option( 'tools_word' ) ) { ${LATE} }`,
    },
  });
  const elsewhere = join(source.path, '../elsewhere');
  content = join(elsewhere, 'content');
  mkdirSync(elsewhere);
  renameSync(source.content, content);
  symlinkSync(content, source.content);
  renameSync(join(content, 'plugins/tools'), join(elsewhere, 'tools-of-all'));
  symlinkSync(join(elsewhere, 'tools-of-all'), join(content, 'plugins/tools'));
  await source.restart();
  await source.php(`update_option( 'tools_word', 'fine' ); wp_mkdir_p( wp_upload_dir()["basedir"] );`);
  site = await makeRestorable(source, 'linked');
}, 180_000);
afterAll(async () => {
  await site.close();
  await source.stop();
});

const port: WritePort = { connect: (wanted) => connectToWrite(asAdmin(source), wanted, connectDeps()) };
const restore = (only: string) =>
  applyRestoreOf(
    {
      cloneId: site.id,
      policy: { ...POLICY, only: [only] },
      version: 'test',
      restore: newRestoreId(randomBytes),
      agreed: null,
    },
    port,
    site.home.runtime,
    workContext(),
  );

it('code below a folder that is linked into the site is taken back when only PHP’s log shows that it breaks', async () => {
  const before = filesBelow(join(content, 'plugins'));
  put(join(site.www, 'wp-content/plugins'), 'forms/forms.php', forms(LATE));
  const error = await failureOf(restore('plugin:forms'));
  expect([error.code, error.message]).toEqual([
    'RESTORE_BROKE',
    expect.stringContaining('with a fatal error (plugins/forms/forms.php, line 1), so it was taken back'),
  ]);
  expect([filesBelow(join(content, 'plugins')), restoreFolders(source)]).toEqual([before, []]);
  put(join(site.www, 'wp-content/plugins'), 'forms/forms.php', forms(''));
});

it('a setting is taken back that has a plugin break which is itself a link', async () => {
  await site.php("update_option( 'tools_word', 'late' );");
  const error = await failureOf(restore('option:tools_word'));
  expect([error.code, error.message]).toEqual([
    'RESTORE_BROKE',
    expect.stringContaining('with a fatal error (plugins/tools/tools.php, line 1), so it was taken back'),
  ]);
  expect(await source.php("echo get_option( 'tools_word' );")).toBe('fine');
});

it('what the database user may not is said by the plan, whatever it was granted otherwise', async () => {
  const { name, user } = source.database;
  const people = ["'%'", "'localhost'"].map((host) => `'${user}'@${host}`);
  const grant = async (...statements: readonly string[]): Promise<string[]> => {
    for (const person of people) {
      await source.query(`REVOKE ALL PRIVILEGES, GRANT OPTION FROM ${person}`);
      for (const statement of statements) await source.query(`GRANT ${statement} TO ${person}`);
    }
    return (await site.plan()).notes.filter((note) => note.includes('lacks the rights'));
  };
  const data = 'SELECT, INSERT, UPDATE, DELETE, CREATE TEMPORARY TABLES, CREATE VIEW';
  const pattern = name.replaceAll('_', String.raw`\_`);
  expect(await grant(`${data} ON \`${name}\`.*`)).toEqual([expect.stringContaining('CREATE, DROP.')]);
  expect(await grant(`${data}, CREATE ON \`${pattern}\`.*`, 'DROP ON `elsewhere`.*')).toEqual([
    expect.stringMatching(/rights DROP\.$/),
  ]);
  expect(await grant(`${data} ON \`${name}\`.*`, 'CREATE, DROP ON *.*')).toEqual([]);
  expect(await grant(`ALL ON \`${pattern.slice(0, 4)}%\`.*`)).toEqual([]);
});

it('PHP without a library for signatures takes them by the one that WordPress brings', async () => {
  const { privateKey, publicKey } = newWriteKeys();
  const key = createPrivateKey({ key: Buffer.from(privateKey, 'base64url'), format: 'der', type: 'pkcs8' });
  const signature = sign(null, Buffer.from('the text'), key).toString('hex');
  // The library leaves the work to PHP's own wherever that is: here it must not.
  const own = `eval( 'namespace Wpclone\\Migrator; function function_exists( $name ) { return "sodium_crypto_sign_verify_detached" !== $name && \\function_exists( $name ); } function sodium_crypto_sign_verify_detached( ...$words ) { \\ParagonIE_Sodium_Compat::$disableFallbackForUnitTests = true; return \\ParagonIE_Sodium_Compat::crypto_sign_verify_detached( ...$words ); }' );`;
  const check = (text: string): string =>
    `echo json_encode( Wpclone\\Migrator\\is_signed_by( '${text}', '${signature}', '${publicKey}' ) );`;
  const load = "require_once WP_PLUGIN_DIR . '/wpclone-migrator/includes/write/signature.php';";
  await installMigrator(source);
  expect(await source.php(`${own} ${load} ${check('the text')} ${check('the test')}`)).toBe('truefalse');
});
