import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  filesFolder,
  packFolder,
  packPath,
  manifestPath,
  type FileRecord,
} from '../../../src/transfer/baseline/files.ts';
import { openStore, publishToStore } from '../../../src/transfer/store/store.ts';
import { makeTemp } from '../../support/temp.ts';

const facts = { root: 'core', path: 'index.php', size: 1, mtime: 1, ctime: 1 };

/** A finished baseline of one file. */
function baselineOf(folder: string, pack: string): string {
  const baseline = join(folder, pack, 'baseline');
  const files = filesFolder(baseline);
  mkdirSync(packFolder(files), { recursive: true });
  writeFileSync(packPath(files, pack), 'x');
  const body = { pack, offset: 0, size: 1, sha256: '' };
  const record: FileRecord = { kind: 'file', place: 'index.php', mode: 0o644, source: facts, body };
  writeFileSync(manifestPath(files), `${JSON.stringify(record)}\n`);
  return baseline;
}

test('clones of one source that end at the same moment all succeed, and the next one finds what one of them kept', async () => {
  const folder = makeTemp('store');
  const store = join(folder, 'store');
  const names = Array.from({ length: 40 }, (_, index) => `pack-${index}`);
  await Promise.all(names.map((name) => publishToStore(store, baselineOf(folder, name))));
  await publishToStore(store, baselineOf(folder, 'last'));
  const kept = await openStore(store, baselineOf(folder, 'next'));
  expect(kept.find(facts)?.body.pack).toBe('last');
});
