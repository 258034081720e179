import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { request } from 'undici';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyStaged, stageChanges, undoApplied } from '../../src/restore/write/write.ts';
import type { SourceAccess } from '../../src/site/access.ts';
import type { WriteClient } from '../../src/site/write/client.ts';
import { startApache, type Apache } from '../support/foreign/apache.ts';
import { installMigrator, never } from '../support/migrator.ts';
import { fileChange, put } from '../support/restore-files.ts';
import { changesOf, restoreKey, writeClient } from '../support/restore.ts';
import { startSource, type Source } from '../support/source/index.ts';
import { makeTemp } from '../support/temp.ts';
import { failureOf } from '../support/work.ts';

const plugin = (word: string): string =>
  `<?php /* Plugin Name: Forms */ add_action( 'wp_footer', function () { echo '<!-- forms ${word} -->'; } );`;

let source: Source;
let apache: Apache;
let access: SourceAccess;
let www: string;

beforeAll(async () => {
  source = await startSource({ plugins: { 'forms/forms.php': plugin('old') } });
  await source.php('wp_mkdir_p( wp_upload_dir()["basedir"] );');
  access = await installMigrator(source);
  apache = await startApache(source);
  access = { ...access, url: apache.url, endpoint: `${apache.url}/` };
  www = makeTemp('restore-barred');
});
afterAll(async () => {
  await apache?.stop();
  await source?.stop();
});

const client = async (): Promise<WriteClient> =>
  writeClient(access, await restoreKey(source), {
    sleep: (milliseconds, signal) => delay(milliseconds, undefined, signal ? { signal } : {}),
  });
const stage = (by: WriteClient): Promise<unknown> =>
  stageChanges(
    by,
    {
      ...changesOf([], [{ id: 'plugin:forms', title: 'Forms' }]),
      files: [fileChange(0, 'plugins:forms/forms.php', plugin('old'), plugin('new'), www)],
    },
    { www, signal: never },
  );

async function visit(): Promise<string> {
  const { statusCode, body } = await request(`${apache.url}/`);
  return `${statusCode} ${/<!-- forms (.*?) -->/.exec(await body.text())?.[1] ?? 'nothing'}`;
}

it('a rule of Apache for .maintenance is found before anything is written, and without it code is replaced and undone', async () => {
  const rule = `RewriteEngine On
RewriteCond %{DOCUMENT_ROOT}/.maintenance -f
RewriteRule ^ - [R=503,L]
`;
  put(source.docroot, '.htaccess', rule);
  const barred = await client();
  expect((await failureOf(stage(barred))).code).toBe('GATE_BARRED');
  expect([existsSync(join(source.path, '.maintenance')), await visit()]).toEqual([false, '200 old']);
  await barred.finish(never);
  rmSync(join(source.docroot, '.htaccess'));
  const by = await client();
  await stage(by);
  await applyStaged(by, never);
  expect(await visit()).toBe('200 new');
  await undoApplied(by, undefined, never);
  expect(await visit()).toBe('200 old');
});
