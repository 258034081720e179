import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { addBrought, readBrought } from '../../../src/transfer/origin/brought.ts';
import { makeTemp } from '../../support/temp.ts';

it('notes of earlier restores that are damaged are as good as none, which is told, until the next one writes them anew', async () => {
  const baseline = makeTemp('brought');
  const path = join(baseline, 'origin/brought.json');
  mkdirSync(join(baseline, 'origin'));
  const none = { parts: [], files: {}, plugins: {} };
  expect(await readBrought(baseline)).toEqual(none);
  for (const text of ['', '{"version":1,"parts":[', '[]', '{"version":1,"parts":[{"table":1}],"files":{}}']) {
    writeFileSync(path, text);
    expect(await readBrought(baseline)).toEqual({ ...none, isDamaged: true });
  }
  const left = { parts: [], files: { 'a.txt': ['x'] }, plugins: { 'a/a.php': [true] } };
  await addBrought(baseline, left);
  await addBrought(baseline, { ...left, files: { 'a.txt': [null] } });
  expect(await readBrought(baseline)).toMatchObject({ ...left, files: { 'a.txt': ['x', null] } });
  // Of before plugins were noted.
  writeFileSync(path, '{"version":1,"parts":[],"files":{}}');
  expect(await readBrought(baseline)).toMatchObject(none);
});
