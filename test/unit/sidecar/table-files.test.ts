import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { InstanceContext, InstanceOperations } from '../../../src/instance/types.ts';
import { sidecarSettings } from '../../../src/sidecar/settings.ts';
import { keepingTables, tableFilesPlace } from '../../../src/sidecar/table-files.ts';

test('tables are kept once the clone is ready, and that is out of the way before anything else is done, or its clone ends', async () => {
  const said: string[] = [];
  const doing = (name: string) => async () => {
    said.push(name);
    await delay(1);
    return {};
  };
  const names = ['pullDatabase', 'pullFiles', 'configure', 'verify', 'reset'] as const;
  const plain = Object.fromEntries(names.map((name) => [name, doing(name)]));
  const keep = async (signal: AbortSignal) => {
    said.push('keep');
    await delay(10_000, undefined, { signal }).catch(() => undefined);
    said.push('stopped');
  };
  const operations = keepingTables(plain as unknown as InstanceOperations, keep);
  const context = {} as InstanceContext;
  await Promise.all([operations.pullDatabase({} as never, context), operations.pullFiles({} as never, context)]);
  await operations.configure({} as never, context);
  await operations.verify({} as never, context);
  await operations.reset(undefined, context);
  await operations.configure({} as never, context);
  await operations.verify({} as never, context);
  await operations.giveWay();
  const kept = ['keep', 'stopped'];
  const made = ['pullDatabase', 'pullFiles', 'configure', 'verify'];
  expect(said).toEqual([...kept, ...made, ...kept, 'reset', ...kept, 'configure', 'verify', ...kept]);
});

test('without the database’s volume there is nowhere to keep them', () => {
  expect(tableFilesPlace(sidecarSettings({}))).toBeUndefined();
  const volume = { WPCLONE_DATABASE_VOLUME: '/var/lib/mysql', WPCLONE_DATABASE_VOLUME_BYTES: '1000000' };
  expect(tableFilesPlace(sidecarSettings(volume))).toMatchObject({
    data: '/var/lib/mysql/data/wordpress',
    kept: '/var/lib/mysql/tables',
  });
});
