import { readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { dropTableFiles, isMarked, makeTableFiles } from '../instance/table-files.ts';
import type { InstanceOperations, InstanceSite, TableFilesPlace } from '../instance/types.ts';
import type { Logger } from '../shared/context.ts';
import { toWpcloneError } from '../shared/errors.ts';
import { administratorAddress } from './administrator.ts';
import type { SidecarSettings } from './settings.ts';

/** Of the volume, beyond which the kubelet evicts the pod: what may be used with the files, and how much of the node's disk stays free. */
const SHARE = 0.8;
const FREE_SHARE = 0.15;

/** Undefined where the database's volume is not mounted here: then its server is of an image that is not ours. */
export function tableFilesPlace(settings: SidecarSettings): TableFilesPlace | undefined {
  const { databaseVolume: volume, database } = settings;
  if (volume === undefined) return undefined;
  return {
    data: join(volume.path, 'data', database),
    kept: join(volume.path, 'tables'),
    administrator: () => administratorAddress(settings, database),
    hasRoom: async (bytes) => {
      const [used, disk] = [await sizeOf(volume.path), await statfs(volume.path)];
      const free = disk.bavail * disk.bsize - bytes;
      return used + bytes <= volume.bytes * SHARE && free >= disk.blocks * disk.bsize * FREE_SHARE;
    },
  };
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  let bytes = 0;
  for (const entry of entries)
    if (entry.isFile())
      bytes += await stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      );
  return bytes;
}

/** Makes what can be made of the tables, and gives it up where room is short. What fails is logged: it costs nothing but time. */
export async function keepTables(site: InstanceSite, log: Logger, signal: AbortSignal): Promise<void> {
  const { tableFiles } = site;
  if (tableFiles === undefined) return;
  try {
    if (!(await tableFiles.hasRoom(0))) await dropTableFiles(tableFiles);
    else if (await isMarked(tableFiles)) await makeTableFiles(site, signal);
  } catch (error) {
    if (!signal.aborted) log.warn('tables were not kept as files', { error: toWpcloneError(error).message });
  }
}

export interface KeepingTables extends InstanceOperations {
  /** Resolves when nothing is being kept; nothing will be before the next clone. */
  giveWay(): Promise<void>;
}

/**
 * Calls `keep` when the clone is as a person gets it, after it was compared with its source and after each reset, and once at the start.
 * It is out of the way as soon as anything is to be done to the instance.
 */
export function keepingTables(
  operations: InstanceOperations,
  keep: (signal: AbortSignal) => Promise<void>,
): KeepingTables {
  let stop = new AbortController();
  let keeping = Promise.resolve();
  const begin = (): void => {
    stop = new AbortController();
    keeping = keep(stop.signal);
  };
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    stop.abort();
    await keeping;
    return work();
  };
  const before = async <T>(work: () => Promise<T>): Promise<T> => {
    const result = await alone(work);
    begin();
    return result;
  };
  begin();
  return {
    ...operations,
    giveWay: () => alone(() => Promise.resolve()),
    pullDatabase: (task, context) => alone(() => operations.pullDatabase(task, context)),
    pullFiles: (task, context) => alone(() => operations.pullFiles(task, context)),
    configure: (task, context) => alone(() => operations.configure(task, context)),
    verify: (task, context) => before(() => operations.verify(task, context)),
    reset: (task, context) => before(() => operations.reset(task, context)),
  };
}
