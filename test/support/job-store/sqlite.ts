import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AGENT_DATABASE } from '../../../src/agent/database.ts';
import { sqliteJobStore } from '../../../src/agent/jobs/sqlite/store.ts';
import type { JobStore } from '../../../src/agent/jobs/store.ts';
import { openDatabase } from '../../../src/state/database.ts';
import { secretBox } from '../../../src/state/secrets.ts';
import { workContext } from '../work.ts';
import type { TestStore } from './kit.ts';

/** Empty stores in SQLite, each in a folder of its own; `clean` closes and removes them all. */
export function sqliteStores(): {
  readonly open: () => TestStore & { readonly file: string };
  readonly clean: () => void;
} {
  const folders: string[] = [];
  const stores: JobStore[] = [];
  return {
    open: () => {
      const home = mkdtempSync(join(tmpdir(), 'wpclone-jobs-'));
      folders.push(home);
      const clock = { now: 1_700_000_000_000 };
      const box = secretBox(randomBytes(32), 'key', randomBytes);
      const again = (): JobStore => {
        const parts = {
          database: openDatabase(home, () => clock.now, AGENT_DATABASE),
          box,
          now: () => clock.now,
          newId: () => `job-${randomBytes(8).toString('hex')}`,
        };
        const waiting = (ms: number, signal?: AbortSignal): Promise<void> => sleep(ms, undefined, { signal });
        const store = sqliteJobStore(parts, { ...workContext(), sleep: waiting });
        stores.push(store);
        return store;
      };
      const written = (): string =>
        readdirSync(home)
          .map((name) => readFileSync(join(home, name), 'latin1'))
          .join('');
      return { store: again(), clock, again, written, file: join(home, 'agent.db') };
    },
    clean: () => {
      for (const store of stores.splice(0)) store.close();
      for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
    },
  };
}
