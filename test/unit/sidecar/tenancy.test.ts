import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { InstancePaths } from '../../../src/instance/types.ts';
import { sidecarSettings } from '../../../src/sidecar/settings.ts';
import { openTenancy } from '../../../src/sidecar/tenancy/tenancy.ts';
import type { WebContainer } from '../../../src/sidecar/web.ts';
import { makeTemp } from '../../support/temp.ts';
import { failureOf, workContext } from '../../support/work.ts';

test('who asks a second time for the servers to end, having heard no answer, hears what was done the first time', async () => {
  const folder = makeTemp('tenancy');
  for (const name of ['gate', 'state', 'volume/data']) mkdirSync(join(folder, name), { recursive: true });
  const settings = {
    ...sidecarSettings({ WPCLONE_GATE_PATH: join(folder, 'gate'), WPCLONE_SIDECAR_STATE: join(folder, 'state') }),
    databaseVolume: { path: join(folder, 'volume'), bytes: 1 },
  };
  const rest = { paths: {} as InstancePaths, web: {} as WebContainer, stopWork: () => Promise.resolve() };
  const tenancy = openTenancy({ ...rest, settings, work: workContext() });
  expect((await failureOf(tenancy.endServers())).message).toBe('The unit holds a clone.');
  writeFileSync(join(folder, 'gate', 'closed'), '');
  const both = await Promise.all([tenancy.endServers(), tenancy.endServers()]);
  expect(both[1]).toEqual(both[0]);
  expect(existsSync(join(folder, 'volume', 'anew'))).toBe(true);
});
