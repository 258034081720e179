import fs, { existsSync, lstatSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { factsOf } from '../../../src/transfer/baseline/facts.ts';
import { moveLeft } from '../../../src/transfer/files/move-left.ts';
import { makeTemp } from '../../support/temp.ts';

/** A file that was left, and what it is to be. */
function left() {
  const folder = makeTemp('move');
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  writeFileSync(from, 'content', { mode: 0o644 });
  utimesSync(from, 1000, 1000);
  return { from, to, wanted: { facts: factsOf(lstatSync(from, { bigint: true })), mode: 0o644, mtime: 1000 } };
}

/** As a folder that nobody may take anything out of; for the administrator of a machine there is no real one. */
function refuseToRemove(path: string): void {
  const { unlinkSync } = fs;
  onTestFinished(() => {
    fs.unlinkSync = unlinkSync;
    syncBuiltinESMExports();
  });
  fs.unlinkSync = (at) => {
    if (at === path) throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
    unlinkSync(at);
  };
  syncBuiltinESMExports();
}

test('a file that was left is moved, with what it is known by', () => {
  const { from, to, wanted } = left();
  expect(moveLeft(from, to, wanted)).toBe(factsOf(lstatSync(to, { bigint: true })));
  expect([existsSync(from), readFileSync(to, 'utf8')]).toEqual([false, 'content']);
});

test('one that cannot be taken away from where it was is written anew', () => {
  const { from, to, wanted } = left();
  refuseToRemove(from);
  expect(moveLeft(from, to, wanted)).toBeUndefined();
  expect(existsSync(to)).toBe(false);
});
