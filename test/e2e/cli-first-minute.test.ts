import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { packagePath } from '../../src/shared/package-root.ts';
import { makeTemp } from '../support/temp.ts';

/** What npm says when it installs a package that wants a newer Node.js than there is. */
async function installTooNew(settings: string | undefined): Promise<string> {
  const folder = makeTemp('npm');
  mkdirSync(join(folder, 'too-new'));
  const dependency = { name: 'too-new', version: '1.0.0', engines: { node: '>=999' } };
  writeFileSync(join(folder, 'too-new/package.json'), JSON.stringify(dependency));
  writeFileSync(join(folder, 'package.json'), '{"dependencies":{"too-new":"file:./too-new"}}');
  if (settings !== undefined) copyFileSync(settings, join(folder, '.npmrc'));
  const { all } = await execa('npm', ['install', '--dry-run', '--offline', '--no-audit', '--no-fund'], {
    cwd: folder,
    all: true,
    env: { PATH: process.env['PATH'] ?? '', HOME: folder },
    extendEnv: false,
  });
  return all;
}

test('npm installs without hundreds of warnings where Node.js is older than what wpclone brings along', async () => {
  expect(await installTooNew(undefined)).toContain('EBADENGINE');
  expect(await installTooNew(packagePath('.npmrc'))).not.toContain('EBADENGINE');
});
