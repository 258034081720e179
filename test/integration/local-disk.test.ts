import { expect, it, onTestFinished } from 'vitest';
import { connectAsAdministrator } from '../../src/runtime/local/database-server.ts';
import { localLayout } from '../../src/runtime/local/layout.ts';
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
  expect([failure.code, failure.message]).toEqual(['DISK_FULL', expect.stringContaining('There is no room left')]);
});
