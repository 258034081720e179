import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { installDatabase } from '../../src/runtime/local/database-install.ts';
import { connectAsAdministrator } from '../../src/runtime/local/database-server.ts';
import { localLayout } from '../../src/runtime/local/layout.ts';
import { openState } from '../../src/state/open.ts';
import { makeTemp, run } from '../support/temp.ts';
import { failureOf, workContext } from '../support/work.ts';

/** Only root may mount a small file system. */
const mayMount = process.getuid?.() === 0;
if (!mayMount) process.stderr.write('local-disk: skipped, since only root may mount a small file system\n');

it.skipIf(!mayMount)('a disk that is full while the database is set up is called that', async () => {
  const disk = makeTemp('small-disk');
  await run(['mount', '-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'tmpfs', disk]);
  onTestFinished(() => run(['umount', '-l', disk]).then(() => undefined));
  const failure = await failureOf(connectAsAdministrator(localLayout(disk), workContext()));
  expect(failure).toMatchObject({ code: 'DISK_FULL', details: { path: join(disk, 'mariadb') } });
  // What the server says last is only that it gives up.
  expect(failure.message).toMatch(/^There is no room left\. .*(?:No space left|error 28|Errcode: 28)/);
  expect(failure.nextSteps[0]).toBe(`Free space where ${join(disk, 'mariadb')} lives, and try again.`);
});

it.skipIf(!mayMount)('a disk on which SQLite finds no room for its own files is called full', async () => {
  const disk = makeTemp('tiny-disk');
  await run(['mount', '-t', 'tmpfs', '-o', 'size=256k,mode=0700', 'tmpfs', disk]);
  onTestFinished(() => run(['umount', '-l', disk]).then(() => undefined));
  await run(['sh', '-c', 'head -c 1M /dev/zero > "$0" || true', join(disk, 'filled')]);
  const opening = async () => openState(disk, { ...workContext(), sleep: () => Promise.resolve() }).close();
  expect((await failureOf(opening())).code).toBe('DISK_FULL');
});

it('the installer of the database needs nothing of PATH, and what it said is where the error says', async () => {
  const layout = localLayout(makeTemp('no-path')).database;
  mkdirSync(layout.temporary, { recursive: true });
  vi.stubEnv('PATH', '/nowhere');
  onTestFinished(() => void vi.unstubAllEnvs());
  await installDatabase(layout, workContext());
  expect(existsSync(join(layout.data, 'mysql'))).toBe(true);
  const failure = await failureOf(installDatabase({ ...layout, temporary: '/nowhere' }, workContext()));
  const said = /^The database could not be set up: (.*\/nowhere.*)$/.exec(failure.message)?.[1] ?? failure.message;
  expect(readFileSync(layout.log, 'utf8')).toContain(said);
  expect(failure.nextSteps).toContain(`Look at ${layout.log}.`);
});
