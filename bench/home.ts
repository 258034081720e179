import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Source } from '../test/support/source/index.ts';
import { makeTemp } from '../test/support/temp.ts';
import { wpclone, type Ran } from './command.ts';

/** A WPCLONE_HOME of its own. */
export interface Home {
  readonly folder: string;
  clone(source: Source): Promise<Cloned>;
  reset(id: string): Promise<Ran>;
  /** Of the one clone that there is. */
  documentRoot(): string;
  /** Plans a restore of a clone. */
  plan(id: string): Promise<Ran>;
  /** Brings what was changed in a clone to its live site. */
  restore(id: string, source: Source): Promise<Ran>;
  delete(id: string): Promise<Ran>;
  deleteAll(): Promise<void>;
  /** Ends its servers; its folder stays. */
  stop(): Promise<void>;
  remove(): Promise<void>;
}

export interface Cloned extends Ran {
  readonly id: string;
  readonly url: string;
  readonly timings: Readonly<Record<string, number>>;
  readonly transferred: Readonly<Record<string, number>>;
}

export function createHome(settings: NodeJS.ProcessEnv = {}): Home {
  const folder = makeTemp('home');
  const environment = { ...settings, WPCLONE_HOME: folder };
  const deleteAll = async (): Promise<void> => {
    const { output } = await wpclone(['list', '--json'], environment);
    const { clones }: { clones: { clone_id: string }[] } = JSON.parse(output);
    for (const { clone_id: id } of clones) await wpclone(['delete', id, '--force'], environment);
  };
  const loginOf = (source: Source): string[] => ['--username', source.adminUser];
  const secretOf = (source: Source) => ({ ...environment, WPCLONE_SOURCE_PASSWORD: source.adminPassword });
  return {
    folder,
    reset: (id) => wpclone(['reset', id, '--json'], environment),
    documentRoot: () => {
      const [unit = ''] = readdirSync(join(folder, 'clones'));
      return join(folder, 'clones', unit, 'www');
    },
    clone: async (source) => {
      const ran = await wpclone(['clone', source.url, ...loginOf(source), '--json'], secretOf(source));
      const result: Pick<Cloned, 'timings' | 'transferred'> & { clone_id: string; clone_url: string } = JSON.parse(
        ran.output,
      );
      return {
        ...ran,
        id: result.clone_id,
        url: result.clone_url,
        timings: result.timings,
        transferred: result.transferred,
      };
    },
    plan: (id) => wpclone(['restore', id, '--dry-run', '--json'], environment),
    restore: (id, source) => wpclone(['restore', id, ...loginOf(source), '--yes', '--json'], secretOf(source)),
    delete: (id) => wpclone(['delete', id, '--force'], environment),
    deleteAll,
    stop: () => endServers(folder),
    remove: async () => {
      try {
        await deleteAll();
      } finally {
        await endServers(folder);
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Ends what wpclone left running for this home: web servers, the database server, the keeper. */
async function endServers(folder: string): Promise<void> {
  for (const pid of usersOf(folder)) process.kill(pid, 'SIGTERM');
  while (usersOf(folder).length > 0) await sleep(50);
}

function usersOf(folder: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => read(`/proc/${pid}/cmdline`).includes(folder) || read(`/proc/${pid}/environ`).includes(folder))
    .map(Number);
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
