import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageVersion } from '../shared/package-root.ts';
import { createLineLogger } from './log.ts';
import { runSidecar } from './run.ts';
import { sidecarSettings } from './settings.ts';

const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());

await runSidecar(sidecarSettings(process.env), await packageVersion(), {
  signal: stop.signal,
  now: Date.now,
  sleep: async (milliseconds, signal) => sleep(milliseconds, undefined, signal === undefined ? {} : { signal }),
  randomBytes,
  log: createLineLogger((line) => process.stdout.write(line), Date.now),
});
