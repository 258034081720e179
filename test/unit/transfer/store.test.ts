import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type promises from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  filesFolder,
  packFolder,
  packPath,
  manifestPath,
  type FileRecord,
} from '../../../src/transfer/baseline/files.ts';
import { openStore, publishToStore } from '../../../src/transfer/store/store.ts';
import { makeTemp } from '../../support/temp.ts';

/** What another process does just after a link was made: no real one can be that punctual. */
const meanwhile: { link?: (from: string) => void } = vi.hoisted(() => ({}));
vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof promises>();
  const link = (from: string, to: string): Promise<void> => real.link(from, to).then(() => meanwhile.link?.(from));
  return { ...real, link };
});

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
  await Promise.all(names.map((name) => publishToStore(store, baselineOf(folder, name), new Map())));
  await publishToStore(store, baselineOf(folder, 'last'), new Map());
  const kept = await openStore(store, baselineOf(folder, 'next'));
  expect(kept.find(facts)?.body.pack).toBe('last');
});

test('a clone that begins while another ends has what it found, though the store has it no more', async () => {
  const folder = makeTemp('store-begin');
  const store = join(folder, 'store');
  await publishToStore(store, baselineOf(folder, 'ended'), new Map());
  meanwhile.link = (pack) => rmSync(pack);
  onTestFinished(() => void delete meanwhile.link);
  const kept = await openStore(store, baselineOf(folder, 'begun'));
  expect(kept.find(facts)?.body.pack).toBe('ended');
});
