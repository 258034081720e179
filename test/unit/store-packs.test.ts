import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { manifestPath } from '../../src/transfer/baseline/files.ts';
import { packsOf } from '../../src/transfer/store/packs.ts';
import { makeTemp } from '../support/temp.ts';

const line = (place: string, pack: string): string =>
  `${JSON.stringify({ kind: 'file', place, body: { pack, offset: 0, size: 1, sha256: 'ab' } })}\n`;

function manifestOf(text: string): string {
  const folder = makeTemp('packs');
  mkdirSync(dirname(manifestPath(folder)), { recursive: true });
  writeFileSync(manifestPath(folder), text);
  return folder;
}

test('each pack that a manifest names is in use, whatever order they come in and wherever a piece of the file ends', async () => {
  const packs = Array.from({ length: 40 }, (_, index) => `pack-${index}`);
  // pack-1 is also how pack-10 begins, and each comes again after others.
  const lines = Array.from({ length: 4000 }, (_, index) => line(`a/${index}.php`, packs[(index * index) % 40] ?? ''));
  const named = new Set(Array.from({ length: 4000 }, (_, index) => packs[(index * index) % 40]));
  expect(await packsOf(manifestOf(lines.join('')))).toEqual(named);
  expect(await packsOf(manifestOf(packs.map((pack) => line('b', pack)).join('')))).toEqual(new Set(packs));
});

test('what only a file’s name says of a pack counts for nothing', async () => {
  expect(await packsOf(manifestOf(line('"pack":"other"', 'own')))).toEqual(new Set(['own']));
});
