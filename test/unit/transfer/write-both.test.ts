import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { databaseFolder, openRowFile, rowFilePath } from '../../../src/transfer/baseline/database.ts';
import { writeBoth } from '../../../src/transfer/database/stream.ts';
import { makeTemp } from '../../support/temp.ts';

const baseline = makeTemp('write-both');
afterAll(() => rmSync(baseline, { recursive: true, force: true }));
mkdirSync(databaseFolder(baseline), { recursive: true });

// The server is a fake: a real one whose disk is full takes nothing for as long as that lasts.
test('a full disk is told of although the database server waits until there is room', async () => {
  symlinkSync('/dev/full', rowFilePath(baseline, 'full.tsv'));
  const file = await openRowFile(baseline, 'full.tsv', 'new');
  const waiting = { write: () => new Promise<void>(() => undefined) };
  await expect(writeBoth(Buffer.from('1\n'), waiting, file)).rejects.toMatchObject({ code: 'ENOSPC' });
  await file.close();
});

test('rows are not given back before they are in their file, also when loading them failed', async () => {
  const written = Promise.withResolvers<void>();
  const slow = { write: () => written.promise };
  let isOver = false;
  const failing = { write: () => Promise.reject(new Error('The server is gone.')) };
  const both = writeBoth(Buffer.from('1\n'), failing, slow).finally(() => {
    isOver = true;
  });
  both.catch(() => undefined);
  await turn();
  expect(isOver).toBe(false);
  written.resolve();
  await expect(both).rejects.toThrow('The server is gone.');
});
