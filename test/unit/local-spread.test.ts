import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeInstancesFolder } from '../../src/runtime/local/spread.ts';
import { makeTemp, run } from '../support/temp.ts';

const flags = (folder: string): Promise<string> =>
  run(['lsattr', '-d', folder]).then(
    (line) => line.split(' ')[0] ?? '',
    () => 'none',
  );

/** Whether the file system of the folder knows the flag. */
const knows = (folder: string): Promise<boolean> =>
  run(['chattr', '+T', folder]).then(
    async () => (await flags(folder)).includes('T'),
    () => false,
  );

it('each instance gets a place of its own on the disk, where the file system has such places', async ({ skip }) => {
  const [home, probe] = [makeTemp('spread'), makeTemp('probe')];
  const folder = join(home, 'clones');
  await makeInstancesFolder(folder, process.env['PATH'] ?? '');
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  skip(!(await knows(probe)), 'the file system of the temporary folder has no such places');
  expect(await flags(folder)).toContain('T');
});

it('a folder is made without that where nothing can ask for it, and one with instances is left as it is', async () => {
  const folder = join(makeTemp('spread'), 'clones');
  mkdirSync(join(folder, 'unit'), { recursive: true });
  const before = await flags(folder);
  await makeInstancesFolder(folder, '');
  expect(await flags(folder)).toBe(before);
});
