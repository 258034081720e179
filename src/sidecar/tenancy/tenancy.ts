import { access, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import type { LookSection } from '../../instance/declared.ts';
import { prepareInstance } from '../../instance/settings.ts';
import type { InstancePaths, Look } from '../../instance/types.ts';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { codeOf } from '../../shared/system.ts';
import { checkDatabase } from '../database.ts';
import type { Jobs } from '../jobs.ts';
import type { SidecarSettings } from '../settings.ts';
import type { KeepingTables } from '../table-files.ts';
import { untilAnswering } from '../until-answering.ts';
import type { WebContainer } from '../web.ts';
import { plantCanaries } from './canaries.ts';
import { asAdministrator, lookAtUnit, lookFromHere, OWN } from './look.ts';

/** One clone after the other in a pod. In between, nothing that belongs to a clone is served. */
export interface Tenancy {
  look(): Promise<Look>;
  /**
   * Ends the web and the database container with all that runs in them; the kubelet starts new ones, of which the database begins with an
   * empty folder. `seen`: in which places the look shows what was put there for it to find. `closedAt`: a web container that was started
   * in a later second than this one, in milliseconds of the node's clock, has run nothing of the clone's. Throws SERVER_FAILED,
   * DATABASE_FAILED.
   */
  end(): Promise<{ readonly seen: readonly LookSection[]; readonly closedAt: number }>;
  /** When both containers are new ones: takes away what the clone left in shared folders, and lets the next one be served. Throws DATABASE_FAILED. */
  beginAnew(oldPassword: string): Promise<void>;
}

export interface TenancyDeps {
  readonly settings: SidecarSettings;
  readonly paths: InstancePaths;
  readonly web: WebContainer;
  readonly operations: Pick<KeepingTables, 'giveWay'>;
  readonly jobs: Pick<Jobs, 'stop' | 'forget'>;
  readonly assignments: { forget(): void };
  readonly work: Pick<WorkContext, 'now' | 'sleep' | 'randomBytes' | 'log'>;
}

/** Milliseconds for a new database container: the kubelet waits with each restart that comes soon after another. */
const DATABASE_LIMIT = 50_000;
/** In the folder of sockets, by the programs that run now. */
const LIVING: ReadonlySet<string> = new Set(['mysqld.sock', 'mysqld.pid', 'web.in', 'web.out']);
/** While it is there the web container serves nothing (the image's entrypoint.sh). */
const CLOSED = 'closed';
/** Told to the database's container (the image's entrypoint.sh): nothing of what is in its volume is kept. */
const ANEW = 'anew';

export function openTenancy(deps: TenancyDeps): Tenancy {
  const { settings, web, jobs, work } = deps;
  const mark = join(settings.gatePath, CLOSED);

  return {
    look: () => lookAtUnit(settings, web, work),

    async end() {
      await writeFile(mark, '');
      const closedAt = work.now();
      await jobs.stop(new WpcloneError('INSTANCE_LOST', 'The time of the clone is over.'));
      // What is written to the database's volume after its server has ended would be left there.
      await deps.operations.giveWay();
      const volume = settings.databaseVolume?.path;
      if (volume === undefined) throw new WpcloneError('DATABASE_FAILED', 'The database is not of this image.');
      const canary = await plantCanaries(settings, work);
      const look = await lookFromHere(settings, { ...work, patience: 0 });
      const seen = canary.seenIn(look);
      await writeFile(join(volume, ANEW), '');
      // So that what is started now can be told from what was started in the same second, and may have run the clone's code.
      await work.sleep(Math.max(0, nextSecond(closedAt) - work.now()));
      await Promise.all([web.end(), shutDown(settings, work.log)]);
      return { seen, closedAt };
    },

    async beginAnew(oldPassword) {
      if (!(await isThere(mark))) throw new WpcloneError('CLUSTER_CONFLICT', 'The unit holds a clone.');
      await Promise.all([empty(settings.home), empty('/dev/shm'), empty(settings.statePath, OWN)]);
      deps.assignments.forget();
      jobs.forget();
      await prepareInstance(deps.paths);
      await empty(settings.controlPath, LIVING);
      await untilAnswering(() => checkDatabase(settings, work.log), DATABASE_LIMIT, work);
      await refusePassword(settings, oldPassword);
      await rm(mark);
    },
  };
}

const nextSecond = (time: number): number => (Math.floor(time / 1000) + 1) * 1000;

/** What cannot be taken away ends it: such a unit is not used again. */
async function empty(folder: string, except: ReadonlySet<string> = new Set()): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = (await readdir(folder)).filter((name) => !except.has(name));
  await Promise.all(names.map((name) => rm(join(folder, name), { recursive: true, force: true })));
}

/** The server ends before it has answered, or just after, which fails in many ways: whether it has ended the kubelet tells. */
async function shutDown(settings: SidecarSettings, log: WorkContext['log']): Promise<void> {
  await asAdministrator(settings, (connection) => connection.query('SHUTDOWN')).catch((error: unknown) => {
    log.info('the database was told to end', { error: toWpcloneError(error).message });
  });
}

/** Throws DATABASE_FAILED when the last clone's password still opens the database. */
async function refusePassword({ socketPath, databaseUser }: SidecarSettings, password: string): Promise<void> {
  const account = { socketPath, user: databaseUser, password, connectTimeout: 5_000 };
  try {
    (await createConnection(account)).destroy();
  } catch (error) {
    if (codeOf(error) === 'ER_ACCESS_DENIED_ERROR') return;
    throw new WpcloneError('DATABASE_FAILED', 'It cannot be told whether the old password opens the database.', {
      cause: error,
    });
  }
  throw new WpcloneError('DATABASE_FAILED', 'The password of the clone before still opens the database.');
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
