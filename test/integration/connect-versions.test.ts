import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { connectSource } from '../../src/site/connect/connect.ts';
import { PLUGIN_SOURCE } from '../../src/site/connect/plugin/zip.ts';
import { asAdmin, connectDeps } from '../support/connecting.ts';
import type { Source, SourceOptions } from '../support/source/index.ts';
import { sourcesOnOneServer } from '../support/source/one-server.ts';
import { failureOf } from '../support/work.ts';

const startSource = sourcesOnOneServer();

let source: Source | undefined;
afterEach(() => source?.stop());

/** A source with our plugin, active, that says of itself that it speaks this protocol. */
async function speaking(protocol: number, options: SourceOptions = {}): Promise<Source> {
  source = await startSource(options);
  const folder = join(source.content, 'plugins/wpclone-migrator');
  cpSync(PLUGIN_SOURCE, folder, { recursive: true });
  const page = join(folder, 'includes/admin-page.php');
  writeFileSync(page, readFileSync(page, 'utf8').replace('data-protocol="%d"', `data-protocol="${protocol}"`));
  await source.php(
    `require_once ABSPATH . 'wp-admin/includes/plugin.php'; activate_plugin( 'wpclone-migrator/wpclone-migrator.php' );`,
  );
  return source;
}

describe('a plugin of another release', () => {
  test('that is too old and cannot be replaced is named, with what to copy', async () => {
    const site = await speaking(1, { constants: { DISALLOW_FILE_MODS: true } });
    const error = await failureOf(connectSource(asAdmin(site), connectDeps()));
    expect(error.code).toBe('PLUGIN_TOO_OLD');
    expect(error.nextSteps.join()).toContain(PLUGIN_SOURCE);
  });

  test('that is newer than this command is left alone, and the command is what has to be updated', async () => {
    const site = await speaking(99);
    const page = join(site.content, 'plugins/wpclone-migrator/includes/admin-page.php');
    const error = await failureOf(connectSource(asAdmin(site), connectDeps()));
    expect(error.code).toBe('PLUGIN_TOO_NEW');
    expect(error.nextSteps.join()).toContain('Update wpclone');
    expect(readFileSync(page, 'utf8')).toContain('data-protocol="99"');
  });
});
