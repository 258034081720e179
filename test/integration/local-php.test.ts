import { realpathSync, symlinkSync, writeFileSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { choosePhp } from '../../src/runtime/local/php.ts';
import { findProgram } from '../../src/runtime/local/programs.ts';
import { makeTemp, run } from '../support/temp.ts';

/** A folder with another name for this machine's PHP: a stand-in for a second one, which says what it is when asked. */
async function named(name: string): Promise<{ folder: string; version: string; real: string }> {
  const real = realpathSync((await findProgram('php', process.env['PATH'] ?? '')) ?? '');
  const folder = makeTemp('php');
  symlinkSync(real, join(folder, name));
  return { folder, real, version: await run([real, '-r', 'echo PHP_MAJOR_VERSION.".".PHP_MINOR_VERSION;']) };
}

test('the version that is asked for is found by what each PHP says of itself, not by its name', async () => {
  const { folder, version, real } = await named('php7.4');
  const broken = join(folder, 'php8.9');
  writeFileSync(broken, '#!/bin/sh\nexit 1\n');
  chmodSync(broken, 0o755);
  expect(await choosePhp(undefined, folder, version)).toEqual({ program: real, version });
  const wrong = version === '7.4' ? '8.4' : '7.4';
  await expect(choosePhp(undefined, folder, wrong)).rejects.toMatchObject({
    code: 'PHP_VERSION_MISSING',
    message: `This machine has PHP ${version}, but no PHP ${wrong}.`,
  });
});

test('a version that is asked for is taken whatever the source runs', async () => {
  const { folder, version } = await named('php8.4');
  const never = new Promise<string | undefined>(() => undefined);
  expect((await choosePhp(never, folder, version)).version).toBe(version);
});
