import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LookSection } from '../../instance/declared.ts';
import type { Look } from '../../instance/types.ts';
import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { asAdministrator } from '../administrator.ts';
import type { SidecarSettings } from '../settings.ts';
import type { WebContainer } from '../web.ts';
import { lookAtDatabase } from './database-look.ts';
import { linesOfFolder, UNTOLD } from './files.ts';
import { readWebReport } from './web-report.ts';

/** What of the folders outlives a clone, and is another with each start. */
const VOLATILE: ReadonlySet<string> = new Set(['mysqld.pid']);
/** What the sidecar keeps for itself, whoever the unit belongs to. */
export const OWN: ReadonlySet<string> = new Set(['epoch']);

/** All but what the web container says of itself. */
export type LookFromHere = Omit<Look, 'processes' | 'web-tmp'> & { readonly [K in LookSection]?: readonly string[] };

/** Milliseconds for what asks the database for a moment to be gone again: a probe of the kubelet lives ten seconds at most. */
const PASSING = 12_000;

/**
 * Looks at everything in the pod that one clone could leave for the next, in each container. A unit that nobody has had answers the same
 * each time. Throws DATABASE_FAILED, SERVER_FAILED.
 */
export async function lookAtUnit(
  settings: SidecarSettings,
  web: Pick<WebContainer, 'report'>,
  work: Pick<WorkContext, 'sleep' | 'now'>,
): Promise<Look> {
  const [here, said] = await Promise.all([lookFromHere(settings, { ...work, patience: PASSING }), web.report()]);
  const look = { ...here, ...readWebReport(said) };
  const untold = Object.values(look).flatMap((lines) => lines.filter((line) => line.includes(UNTOLD)));
  if (untold[0] !== undefined) throw new WpcloneError('SERVER_FAILED', `The unit cannot be looked at: ${untold[0]}.`);
  return look;
}

/** `patience`: milliseconds for connections of others to end. */
export async function lookFromHere(
  settings: SidecarSettings,
  work: Pick<WorkContext, 'sleep' | 'now'> & { readonly patience: number },
): Promise<LookFromHere> {
  const [files, sockets, memory, own, folder, database] = await Promise.all([
    linesOfFolder(settings.home),
    linesOfFolder(settings.controlPath, VOLATILE),
    sharedMemory(),
    linesOfFolder(settings.statePath),
    linesOfVolume(settings),
    asAdministrator(settings, (connection) => lookAtDatabase(connection, settings.databaseUser, work)),
  ]);
  const isOwn = (line: string): boolean => [...OWN].some((name) => line.includes(JSON.stringify(name)));
  return {
    files,
    sockets,
    'shared-memory': memory,
    'sidecar-tmp': own.filter((line) => !isOwn(line)),
    'database-folder': folder,
    ...database,
  };
}

/** The pod's containers share it: files, message queues, and what System V calls by numbers. */
async function sharedMemory(): Promise<string[]> {
  const kinds = ['shm', 'sem', 'msg'];
  const [files, queues, ...numbered] = await Promise.all([
    linesOfFolder('/dev/shm'),
    linesOfFolder('/dev/mqueue'),
    ...kinds.map((kind) => readFile(`/proc/sysvipc/${kind}`, 'utf8')),
  ]);
  const segments = numbered.flatMap((table, index) =>
    table
      .trim()
      .split('\n')
      .slice(1)
      .map((line) => `${kinds[index]} ${line.trim().split(/\s+/)[1]}`),
  );
  return [...files, ...queues.map((line) => `queue ${line}`), ...segments];
}

/** What the database's container found when it was started, in folders of its own, and what lies in its volume. */
async function linesOfVolume({ databaseVolume }: SidecarSettings): Promise<string[]> {
  if (databaseVolume === undefined) return [];
  const { path } = databaseVolume;
  const top = await readdir(path);
  const data = await readdir(join(path, 'data'), { withFileTypes: true });
  const found = await readFile(join(path, 'found'), 'utf8').catch(() => 'nothing is told');
  return [
    ...top.map((name) => `volume ${name}`),
    ...data.map((entry) => `data ${entry.name}`),
    ...found.split('\n').filter((line) => line !== ''),
  ];
}
