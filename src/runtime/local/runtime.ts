import { createInstanceOperations } from '../../instance/operations.ts';
import { within } from '../../shared/abortable.ts';
import type { WorkContext } from '../../shared/context.ts';
import { nameTaken, noSuchClone } from '../../shared/clone-errors.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { LocalInstanceRow, State } from '../../state/types.ts';
import type { CloneFacts, Instance, ProvisionLease, ResetLease, Runtime } from '../types.ts';
import { databaseAddress } from './databases.ts';
import { connectAsAdministrator } from './database-server.ts';
import type { LocalHome } from './home.ts';
import { ensureKeeper, type KeeperCommand } from './keeper.ts';
import { instancePaths, localLayout, storePath } from './layout.ts';
import { readLogs } from './logs.ts';
import { canListen } from './ports.ts';
import { busy, endLease, leaseForReset, leaseLost } from './lease.ts';
import { type MadeInstance, provisionInstance } from './provision.ts';
import { removeClaimed, removeInstance } from './remove.ts';
import { serve, serveAnew } from './serve.ts';
import { sweepInstances } from './sweep.ts';

export interface LocalRuntimeSettings {
  /** WPCLONE_HOME. */
  readonly home: string;
  readonly state: State;
  /** Runs the keeper for this home; see ensureKeeper. */
  readonly keeper: KeeperCommand;
  /** Where programs are looked for, as in PATH. */
  readonly path: string;
}

/** Milliseconds that taking back a failed provision may last; past it the next sweep does the rest. */
const UNDO_LIMIT = 30_000;

/**
 * PHP separates the folders of its settings by colons, and WordPress the host of its database from the socket: in such a
 * folder a clone would run without the settings that keep it harmless.
 */
function refuseColon(home: string): void {
  if (!home.includes(':')) return;
  throw new WpcloneError('BAD_CONFIG', `WPCLONE_HOME must not have a colon in it: ${home}`);
}

/** Instances on this machine: a folder, a database on wpclone's own MariaDB server and a PHP server each. Throws BAD_CONFIG. */
export function createLocalRuntime(settings: LocalRuntimeSettings): Runtime {
  const { state, path } = settings;
  refuseColon(settings.home);
  const home: LocalHome = { layout: localLayout(settings.home), state, path };
  const { instances } = state;
  const keep = (): void => ensureKeeper(home.layout, settings.keeper);

  return {
    kind: 'local',

    async provision(request, context) {
      if (instances.find(request.id) !== undefined) throw nameTaken(request.id);
      let made: MadeInstance;
      try {
        made = await provisionInstance(home, request, context);
      } catch (error) {
        if (!(error instanceof WpcloneError && error.code === 'NAME_TAKEN')) await takeBack(home, request.id, context);
        throw error;
      }
      keep();
      return provisionLease(home, made, keep, context);
    },

    async takeForReset(id, context) {
      const row = await leaseForReset(home, id, context);
      keep();
      try {
        await awaken(home, row, context);
      } catch (error) {
        endLease(home, row, {});
        throw error;
      }
      return resetLease(home, row, keep, context);
    },

    async list(context) {
      return instances.list().map((row) => factsOf(row, context));
    },

    async get(id, context) {
      const row = existing(state, id);
      const facts = factsOf(row, context);
      if (facts.state === 'ready' || facts.state === 'resetting') {
        keep();
        await awaken(home, row, context);
      }
      return { facts, instance: instanceOf(home, row, context) };
    },

    async password(id) {
      const { adminPassword } = existing(state, id);
      if (adminPassword === null)
        throw new WpcloneError('NOT_READY', `${id} has no administrator yet.`, { details: { name: id } });
      return adminPassword;
    },

    async extend(id, expiresAt, context) {
      if (!instances.updateUnchanged(existing(state, id), { expiresAt })) throw busy(instances.find(id), id);
      keep();
      return factsOf(existing(state, id), context);
    },

    async remove(id, context) {
      const row = instances.find(id);
      if (row !== undefined) await removeClaimed(home, row, context);
      else await removeInstance(home, id, context);
    },

    sweep: (context, failed) => sweepInstances(home, context, failed),

    async expose(id, context) {
      return { how: 'by-itself', url: factsOf(existing(state, id), context).url };
    },

    async *logs(id, options, context) {
      existing(state, id);
      const paths = instancePaths(home.layout, id);
      yield* readLogs(paths, home.layout.database.log, options.follow, context);
    },
  };
}

function existing(state: State, id: string): LocalInstanceRow {
  const row = state.instances.find(id);
  if (row === undefined) throw noSuchClone(id);
  return row;
}

function factsOf(row: LocalInstanceRow, context: WorkContext): CloneFacts {
  const over = row.state === 'ready' && row.expiresAt <= context.now();
  return {
    id: row.id,
    runtime: 'local',
    state: over ? 'expired' : row.state,
    url: row.url,
    source: { url: row.sourceUrl, wordpressVersion: row.wordpressVersion ?? '', phpVersion: row.phpVersion ?? '' },
    adminUsername: row.adminUsername ?? '',
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    findings: row.findings,
  };
}

function instanceOf(home: LocalHome, row: LocalInstanceRow, context: WorkContext): Instance {
  const paths = instancePaths(home.layout, row.id);
  const operations = createInstanceOperations(
    {
      paths,
      database: databaseAddress(home.layout, row.id, row.databasePassword),
      store: storePath(home.layout, row.sourceUrl),
    },
    {
      now: context.now,
      sleep: context.sleep,
      randomBytes: context.randomBytes,
      base: `http://127.0.0.1:${row.port}`,
      freeze: () => serveAnew(home, row, context),
      thaw: () => serve(home, row, context),
    },
  );
  return { id: row.id, url: `http://127.0.0.1:${row.port}`, how: 'created', operations };
}

function provisionLease(
  home: LocalHome,
  { row, php }: MadeInstance,
  keep: () => void,
  context: WorkContext,
): ProvisionLease {
  const lease = leaseOf(home, row, context);
  return {
    ...lease,
    instance: { ...lease.instance, php },
    purpose: 'provision',
    async commit(record, work) {
      const changes = {
        state: 'ready',
        url: record.url,
        sourceUrl: record.source.url,
        wordpressVersion: record.source.wordpressVersion,
        phpVersion: record.source.phpVersion,
        adminUsername: record.adminUsername,
        adminPassword: record.adminPassword,
        expiresAt: record.expiresAt,
        findings: record.findings,
      } as const;
      if (!endLease(home, row, changes)) throw leaseLost(row.id);
      keep();
      return factsOf(existing(home.state, row.id), work);
    },
    async remove(work) {
      const seen = home.state.instances.find(row.id);
      if (seen?.epoch === row.epoch) await removeClaimed(home, seen, work);
    },
  };
}

function resetLease(home: LocalHome, row: LocalInstanceRow, keep: () => void, context: WorkContext): ResetLease {
  return {
    ...leaseOf(home, row, context),
    purpose: 'reset',
    async commit(work) {
      if (!endLease(home, row, { state: 'ready' })) throw leaseLost(row.id);
      keep();
      return factsOf(existing(home.state, row.id), work);
    },
  };
}

/** While this process lives nobody takes what it has a lease of: `lost` never aborts. */
function leaseOf(home: LocalHome, row: LocalInstanceRow, context: WorkContext) {
  return {
    jobId: context.jobId,
    cloneId: row.id,
    epoch: row.epoch,
    instance: instanceOf(home, row, context),
    lost: new AbortController().signal,
    release: async () => void endLease(home, row, {}),
  };
}

/** Starts again what a crash or a reboot stopped. Throws SERVER_FAILED, PORT_IN_USE. */
async function awaken(home: LocalHome, row: LocalInstanceRow, context: WorkContext): Promise<void> {
  await refuseStranger(row);
  const [connection] = await Promise.all([connectAsAdministrator(home.layout, context), serve(home, row, context)]);
  await connection.end();
}

/** Clones of before 0.2 say `localhost`, which may also mean [::1]: whoever listens there would get their log-in links. */
async function refuseStranger({ id, port, url }: LocalInstanceRow): Promise<void> {
  if (new URL(url).hostname !== 'localhost' || (await canListen(port, '::1'))) return;
  throw new WpcloneError(
    'PORT_IN_USE',
    `Another program listens on [::1]:${port}, which the address of ${id} also means.`,
    {
      details: { port },
    },
  );
}

/** The caller's signal may be what ended the work: taking back has a time limit of its own. */
async function takeBack(home: LocalHome, id: string, context: WorkContext): Promise<void> {
  try {
    const late = new WpcloneError('CANCELLED', 'Removing it took too long.');
    await within(UNDO_LIMIT, context, late, (signal) => removeInstance(home, id, { ...context, signal }));
  } catch (error) {
    context.log.warn('taking back failed', { id, error: String(error) });
  }
}
