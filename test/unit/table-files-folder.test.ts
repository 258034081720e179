import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { putIndexBack } from '../../src/transfer/table-files/folder.ts';
import { makeTemp } from '../support/temp.ts';

const folder = makeTemp('table-files');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('of tables as files only those stay that will be imported again, not those that could not be, nor what was cut off', async () => {
  const kept = join(folder, 'kept');
  mkdirSync(kept);
  const files = ['wp_good.ibd', 'wp_good.cfg', 'wp_damaged.ibd', 'wp_damaged.cfg', 'wp_cut_off.ibd', 'mark.json'];
  for (const file of [...files, 'index.taken.json']) writeFileSync(join(kept, file), '');
  const place = {
    kept,
    data: folder,
    administrator: () => Promise.reject(new Error('no server')),
    hasRoom: async () => true,
  };
  const sha256 = '0'.repeat(64);
  await putIndexBack(place, { server: '', tables: [{ name: 'wp_good', ibd: sha256, cfg: sha256 }] });
  expect(readdirSync(kept).toSorted()).toEqual(['index.json', 'mark.json', 'wp_good.cfg', 'wp_good.ibd']);
});
