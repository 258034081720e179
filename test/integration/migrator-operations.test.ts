import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SourceAccess } from '../../src/site/access.ts';
import { collectFiles, installMigrator, never, pair, testClient } from '../support/migrator.ts';
import { WEB_USER } from '../support/servers.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { run } from '../support/temp.ts';

let source: Source;
let access: SourceAccess;

beforeAll(async () => {
  source = await startSource();
  access = await installMigrator(source);
});
afterAll(() => source.stop());

it('a key of another scope reads nothing, and can still say good-bye', async () => {
  const other = await pair(source);
  await source.query(
    `UPDATE wp_options SET option_value = JSON_SET(option_value, '$.scope', 'write') WHERE option_name = 'wpclone_migrator_key_${other.keyId}'`,
  );
  const [reader, writer] = [testClient(access), testClient(other)];
  await expect(writer.info(never)).rejects.toMatchObject({ code: 'SOURCE_FAILED', retryable: false });
  await expect(reader.info(never)).resolves.toMatchObject({ protocol: 2 });
  await writer.disconnect(never);
  await expect(writer.info(never)).rejects.toMatchObject({ code: 'SIGNATURE_REFUSED' });
  await Promise.all([reader.close(), writer.close()]);
});

it('what one operation needs is not loaded for another', async () => {
  const list = join(source.content, 'uploads/included.txt');
  mkdirSync(join(source.content, 'mu-plugins'), { recursive: true });
  const own = "array_map( 'basename', preg_grep( '~wpclone-migrator/~', get_included_files() ) )";
  const note = join(source.content, 'mu-plugins/note.php');
  writeFileSync(
    note,
    `<?php register_shutdown_function( function () { file_put_contents( '${list}', implode( "\\n", ${own} ) ); } );`,
  );
  /** PHP writes the list when the answer has been sent. */
  const included = async (ask: Promise<unknown>): Promise<string[]> => {
    rmSync(list, { force: true });
    await ask;
    await expect.poll(() => existsSync(list) && readFileSync(list, 'utf8')).toContain('server.php');
    return readFileSync(list, 'utf8').split('\n');
  };
  const client = testClient(access);
  const forInfo = await included(client.info(never));
  const file = { root: 'core', path: 'index.php', size: 0 };
  const forFiles = await included(collectFiles(client.files([file], never)));
  await client.close();
  writeFileSync(note, '<?php');
  expect(forInfo).toContain('definitions.php');
  expect(forInfo).not.toContain('files.php');
  expect(forFiles).toContain('class-batch.php');
  expect(forFiles.filter((name) => /^rows|table|definitions|database/.test(name))).toEqual([]);
});

it('the plugin removes itself with its sub-folders, whatever their depth', async () => {
  const plugin = join(source.content, 'plugins/wpclone-migrator');
  mkdirSync(join(plugin, 'includes/deep/deeper'), { recursive: true });
  writeFileSync(join(plugin, 'includes/deep/deeper/part.php'), '<?php');
  if (WEB_USER) await run(['chown', '-R', `${WEB_USER}:`, plugin]);
  const client = testClient(access);
  await client.disconnect(never);
  await client.close();
  expect(existsSync(plugin)).toBe(false);
});
