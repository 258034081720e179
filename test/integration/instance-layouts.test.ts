import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { expect, onTestFinished, test } from 'vitest';
import { instanceContext } from '../support/copied-clone.ts';
import { homeOfTest } from '../support/local-test.ts';
import { ALL_WELL, looksOf } from '../support/looks.ts';
import { pullClone } from '../support/pulled-clone.ts';
import type { SourceOptions } from '../support/source/index.ts';
import { sourcesOnOneServer } from '../support/source/one-server.ts';

const startSource = sourcesOnOneServer();

async function cloneOf(options: SourceOptions, files: Readonly<Record<string, string>>) {
  const home = homeOfTest();
  const source = await startSource({ posts: 2, ...options });
  onTestFinished(() => source.stop());
  for (const [path, body] of Object.entries(files)) {
    mkdirSync(join(source.docroot, path, '..'), { recursive: true });
    writeFileSync(join(source.docroot, path), body);
  }
  const clone = await pullClone(home, source, 'laid-out');
  const looks = await looksOf(source);
  const verified = await clone.instance.operations.verify({ ...clone.task, looks }, instanceContext());
  const get = async (path: string) => {
    const answer = await request(`${clone.task.cloneUrl}${path}`);
    return { status: answer.statusCode, body: await answer.body.text() };
  };
  return { ...clone, verified, get };
}

test('a site whose WordPress has a folder of its own is cloned with what lies beside that, without its neighbours', async () => {
  const { verified, get, files } = await cloneOf(
    { core: '/core' },
    {
      'google1234.html': 'google-site-verification',
      'favicon.ico': 'icon',
      'assets/brand/logo.svg': '<svg/>',
      '.well-known/security.txt': 'Contact: me',
      'shop/wp-load.php': '<?php // another site',
      'shop/prices.txt': 'secret',
    },
  );
  expect(verified).toEqual(ALL_WELL);
  expect((await get('/')).body).toContain('Paper Street Soap');
  expect(await get('/google1234.html')).toEqual({ status: 200, body: 'google-site-verification' });
  expect(await get('/favicon.ico')).toEqual({ status: 200, body: 'icon' });
  expect(await get('/assets/brand/logo.svg')).toEqual({ status: 200, body: '<svg/>' });
  expect(await get('/.well-known/security.txt')).toEqual({ status: 200, body: 'Contact: me' });
  expect((await get('/core/wp-login.php')).status).toBe(200);
  expect((await get('/shop/prices.txt')).body).not.toContain('secret');
  expect(files.warnings.map(({ code }) => code)).toEqual(['OTHER_SITE_IN_FILES']);
});

test('where the folder of the address cannot be told, the clone works and says what it lacks', async () => {
  const options = { core: '/core', nginx: 'rewrite ^/$ /core/index.php last;' };
  const { verified, files } = await cloneOf(options, { 'favicon.ico': 'icon' });
  expect(verified).toEqual(ALL_WELL);
  expect(files.warnings.map(({ code }) => code)).toEqual(['HOME_FOLDER_LEFT_OUT']);
});
