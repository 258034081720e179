import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { spreadDocumentRoot } from '../../src/sidecar/spread.ts';
import { makeTemp, run } from '../support/temp.ts';

const newUnit = () => {
  const folder = makeTemp('unit');
  return { www: join(folder, 'www'), run: join(folder, 'run') };
};

/** ext4 has so many inodes, or twice as many, in each part of the disk. */
const PART = 8_192;

it('document roots lie in different parts of the disk, where the file system has such parts', async ({ skip }) => {
  const probe = makeTemp('probe');
  const knows = await run(['chattr', '+T', probe]).then(
    () => true,
    () => false,
  );
  skip(!knows, 'the file system of the temporary folder has no such places');
  const units = Array.from({ length: 6 }, newUnit);
  for (const unit of units) await spreadDocumentRoot(unit, { randomBytes });
  expect(new Set(units.map(({ www }) => Math.floor(statSync(www).ino / PART))).size).toBeGreaterThan(2);
});

it('an empty document root gives way to the one that is spread, and one that holds something stays', async () => {
  const [empty, full] = [newUnit(), newUnit()];
  for (const { www } of [empty, full]) mkdirSync(www);
  writeFileSync(join(full.www, 'index.php'), '');
  const before = statSync(full.www).ino;
  for (const unit of [empty, full]) await spreadDocumentRoot(unit, { randomBytes });
  expect(readdirSync(empty.www)).toEqual([]);
  expect([statSync(full.www).ino, readdirSync(full.www)]).toEqual([before, ['index.php']]);
});

it('nothing of it is left, also where nothing can ask for such a place', async () => {
  const [unit, without] = [newUnit(), newUnit()];
  mkdirSync(join(unit.run, 'spread', 'of-a-process-that-was-killed'), { recursive: true });
  await spreadDocumentRoot(unit, { randomBytes });
  await spreadDocumentRoot(without, { randomBytes }, '/no/chattr');
  expect([readdirSync(unit.run), readdirSync(without.run)]).toEqual([[], []]);
});
