import { access, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { SESSION_SETTINGS } from '../../shared/database-session.ts';
import type { LookSection } from '../../instance/declared.ts';
import { prepareInstance } from '../../instance/settings.ts';
import type { InstancePaths, Look } from '../../instance/types.ts';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { createMutex } from '../../shared/mutex.ts';
import { removeTree } from '../../shared/remove-tree.ts';
import { codeOf } from '../../shared/system.ts';
import { asAdministrator } from '../administrator.ts';
import { checkDatabase } from '../database.ts';
import type { SidecarSettings } from '../settings.ts';
import { spreadDocumentRoot } from '../spread.ts';
import { untilAnswering } from '../until-answering.ts';
import type { WebContainer } from '../web.ts';
import { plantCanaries } from './canaries.ts';
import { lookAtUnit, lookFromHere, OWN } from './look.ts';

/**
 * One clone after the other in a pod. In between, nothing that belongs to a clone is served. Its steps come in this order, each when the
 * kubelet says that what the one before has ended was started anew: as long as code of the clone runs anywhere, it could undo what is done.
 */
export interface Tenancy {
  /** A clone's time is over, and the next one's has not begun. */
  isBetween(): Promise<boolean>;
  look(): Promise<Look>;
  /**
   * Ends the web container with all that runs in it; the new one serves nothing. `seen`: in which places the look shows what was put there
   * for it to find. `closedAt`: a web container that was started in a later second than this one, in milliseconds of the node's clock,
   * has run nothing of the clone's. Throws SERVER_FAILED, DATABASE_FAILED.
   */
  end(): Promise<{ readonly seen: readonly LookSection[]; readonly closedAt: number }>;
  /**
   * Ends the database, whose container begins with an empty folder. `endedAt`: as `closedAt`. Whoever calls it ends this process after
   * that. Throws CLUSTER_CONFLICT, DATABASE_FAILED.
   */
  endServers(): Promise<{ readonly endedAt: number }>;
  /** When all containers are new ones: takes away what the clone left in shared folders, and lets the next one be served. Throws CLUSTER_CONFLICT, DATABASE_FAILED. */
  beginAnew(oldPassword: string): Promise<void>;
}

export interface TenancyDeps {
  readonly settings: SidecarSettings;
  readonly paths: InstancePaths;
  readonly web: WebContainer;
  /** Ends what this process does for the clone, whether somebody asked for it or not. */
  readonly stopWork: (reason: WpcloneError) => Promise<void>;
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
/** What the server that ends has as its data until it does: under no name that the next one would take for its own, whatever became of the word to it. */
const ENDED = 'ended';

export function openTenancy(deps: TenancyDeps): Tenancy {
  const { settings, web, work } = deps;
  const mark = join(settings.gatePath, CLOSED);
  // Whoever hears no answer asks again: what was asked for first must have ended by then, or it would go on clearing up in what is somebody else's.
  const alone = createMutex();
  // Whoever hears no answer in time asks again: what is done by then is not done twice, nor refused.
  let ended: { readonly endedAt: number } | undefined;
  let begunAfter: string | undefined;

  async function requireBetween(): Promise<void> {
    if (!(await isThere(mark))) throw new WpcloneError('CLUSTER_CONFLICT', 'The unit holds a clone.');
  }

  async function end(): ReturnType<Tenancy['end']> {
    await writeFile(mark, '');
    const closedAt = work.now();
    await deps.stopWork(new WpcloneError('INSTANCE_LOST', 'The time of the clone is over.'));
    const canary = await plantCanaries(settings, work);
    const look = await lookFromHere(settings, { ...work, patience: 0 });
    const seen = canary.seenIn(look);
    await untilNextSecond(closedAt);
    await web.end();
    return { seen, closedAt };
  }

  async function endServers(): ReturnType<Tenancy['endServers']> {
    if (ended !== undefined) return ended;
    await requireBetween();
    const volume = settings.databaseVolume?.path;
    if (volume === undefined) throw new WpcloneError('DATABASE_FAILED', 'The database is not of this image.');
    const endedAt = work.now();
    await writeFile(join(volume, ANEW), '');
    await rename(join(volume, 'data'), join(volume, ENDED));
    await untilNextSecond(endedAt);
    await shutDown(settings, work.log);
    // The next run of this process is to know nothing of what this one knew.
    await empty(settings.statePath, OWN);
    ended = { endedAt };
    return ended;
  }

  async function beginAnew(oldPassword: string): Promise<void> {
    if (begunAfter === oldPassword) return;
    await requireBetween();
    await Promise.all([empty(settings.home), empty('/dev/shm')]);
    await Promise.all([spreadDocumentRoot(deps.paths, work), prepareInstance(deps.paths)]);
    await empty(settings.controlPath, LIVING);
    await untilAnswering(() => checkDatabase(settings, work.log), DATABASE_LIMIT, work);
    await refusePassword(settings, oldPassword);
    await rm(mark);
    begunAfter = oldPassword;
  }

  /** So that what is started then can be told from what was started in the same second. */
  const untilNextSecond = (time: number): Promise<void> =>
    work.sleep(Math.max(0, (Math.floor(time / 1000) + 1) * 1000 - work.now()));

  return {
    isBetween: () => isThere(mark),
    look: () => lookAtUnit(settings, web, work),
    end: () => alone(end),
    endServers: () => alone(endServers),
    beginAnew: (oldPassword) => alone(() => beginAnew(oldPassword)),
  };
}

/** What cannot be taken away ends it: such a unit is not used again. */
async function empty(folder: string, except: ReadonlySet<string> = new Set()): Promise<void> {
  await mkdir(folder, { recursive: true });
  const names = (await readdir(folder)).filter((name) => !except.has(name));
  await Promise.all(names.map((name) => removeTree(join(folder, name))));
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
    (await createConnection({ ...SESSION_SETTINGS, ...account })).destroy();
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
