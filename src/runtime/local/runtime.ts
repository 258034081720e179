import { loadTransfer } from '../../instance/operations.ts';
import type { WorkContext } from '../../shared/context.ts';
import { nameTaken, noSuchClone } from '../../shared/clone-errors.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { NewClone, State, UnitRow } from '../../state/types.ts';
import type { Runtime } from '../types.ts';
import type { ProvisionLease, ProvisionRequest } from '../leases.ts';
import { wakeDatabase } from './database-server.ts';
import { factsOf, instanceOf, provisionLease, resetLease, restoreLease } from './held.ts';
import type { LocalHome } from './home.ts';
import { ensureKeeper, type KeeperCommand, keptVariables } from './keeper.ts';
import { instancePaths, localLayout } from './layout.ts';
import { endLease, type HeldUnit, holds, leaseForReset, leaseForRestore, leaseLost } from './lease.ts';
import { readLogs } from './logs.ts';
import { makeUnit } from './make.ts';
import { canListen } from './ports.ts';
import { removeTaken } from './remove.ts';
import { serve } from './serve.ts';
import { STORES_LIMIT, trimStores } from './stores.ts';
import { dueTimesOf, sweepInstances } from './sweep.ts';
import { keepTables } from './table-files.ts';
import { takeBack } from './take-back.ts';
import { createLocalUnits } from './units.ts';

export interface LocalRuntimeSettings {
  /** WPCLONE_HOME. */
  readonly home: string;
  readonly state: State;
  /** Runs the keeper for this home; see ensureKeeper. */
  readonly keeper: KeeperCommand;
  /** Where programs are looked for, as in PATH. */
  readonly path: string;
  /** Bytes that may be kept of sources for their next clones; 10 GB without it. */
  readonly storesLimit?: number;
  /** See LocalHome. */
  readonly keepRows?: boolean;
}

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
  const { state, path, storesLimit = STORES_LIMIT, keepRows } = settings;
  refuseColon(settings.home);
  const kept = { storesLimit, ...(keepRows === undefined ? {} : { keepRows }) };
  const home: LocalHome = { layout: localLayout(settings.home), state, path, ...kept };
  const keep = (): void => ensureKeeper(home.layout, settings.keeper, keptVariables(kept));
  const units = createLocalUnits(home, keep);
  /** What was just taken is served, or given back. */
  const awakenOrGiveUp = async (unit: HeldUnit, context: WorkContext): Promise<void> => {
    keep();
    try {
      await awaken(home, unit, context);
    } catch (error) {
      await endLease(home, unit, {});
      throw error;
    }
  };

  return {
    kind: 'local',
    units,
    documents: {
      read: (name) => state.documents.find(name),
      change: (name, next) => state.documents.change(name, next),
    },

    async provision(request, context) {
      if ((await state.units.holding(request.id)) !== undefined) throw nameTaken(request.id);
      const claimed = await units.claim(request, context);
      const lease = claimed.outcome === 'claimed' ? claimed.lease : await makeForClone(home, request, keep, context);
      // Most often the site is still being connected to, and this process waits for it. What fails is told where it is needed.
      loadTransfer().catch(() => undefined);
      return lease;
    },

    async takeForReset(id, context) {
      const unit = await leaseForReset(home, id, context);
      await awakenOrGiveUp(unit, context);
      return resetLease(home, unit, keep, context);
    },

    async takeForRestore(id, context) {
      const unit = await leaseForRestore(home, id, context);
      await awakenOrGiveUp(unit, context);
      return restoreLease(home, unit, context);
    },

    async list(context) {
      return (await state.units.list()).filter(holds).map((unit) => factsOf(unit, context));
    },

    async get(id, context) {
      const unit = await existing(state, id);
      const facts = factsOf(unit, context);
      if (facts.state === 'ready' || facts.state === 'resetting') {
        keep();
        await awaken(home, unit, context);
      }
      return { facts, instance: instanceOf(home, unit, 'created', context) };
    },

    async password(id) {
      const { adminPassword } = (await existing(state, id)).clone;
      if (adminPassword === null)
        throw new WpcloneError('NOT_READY', `${id} has no administrator yet.`, { details: { name: id } });
      return adminPassword;
    },

    async extend(id, expiresAt, context) {
      for (;;) {
        context.signal.throwIfAborted();
        const extended = await state.units.change(await existing(state, id), { clone: { expiresAt } });
        // Otherwise somebody has taken it at this moment, or given it back, which keeps nobody from moving its end.
        if (!holds(extended)) continue;
        keep();
        return factsOf(extended, context);
      }
    },

    async remove(id, context) {
      const unit = await state.units.holding(id);
      if (unit === undefined) return;
      await removeTaken(home, unit, context);
      // What it shared with its source's store is the store's alone now.
      await trimStores(home, context);
    },

    sweep: (context, failed) => sweepInstances(home, context, failed),

    async dueTimes() {
      return (await state.units.list()).flatMap(dueTimesOf);
    },

    takeBack: (_isOver, context) => sweepInstances(home, context, undefined, 'left-by-the-dead'),

    trimCache: (context) => trimStores(home, context),

    keepTables: (context) => keepTables(home, context),

    async expose(id, context) {
      return { how: 'by-itself', url: factsOf(await existing(state, id), context).url };
    },

    async *logs(id, options, context) {
      const { name } = await existing(state, id);
      yield* readLogs(instancePaths(home.layout, name), home.layout.database.log, options, context);
    },
  };
}

/** The cold way: a unit is made with the clone's name from the first moment on. */
async function makeForClone(
  home: LocalHome,
  { id, sourceUrl, expiresAt, phpVersion, php, replaces }: ProvisionRequest,
  keep: () => void,
  context: WorkContext,
): Promise<ProvisionLease> {
  const clone: NewClone = { id, sourceUrl, expiresAt };
  let begun: UnitRow | undefined;
  try {
    const spec = { clone, phpVersion, php };
    const made = await makeUnit(home, spec, context, (unit) => (begun = unit));
    const assigned = await home.state.units.change(made, { state: 'ASSIGNED' });
    if (!holds(assigned)) throw leaseLost(id);
    keep();
    return provisionLease(home, assigned, 'created', keep, context, replaces);
  } catch (error) {
    if (begun !== undefined) await takeBack(home, begun.name, context);
    throw error;
  }
}

async function existing(state: State, id: string): Promise<HeldUnit> {
  const unit = await state.units.holding(id);
  if (!holds(unit)) throw noSuchClone(id);
  return unit;
}

/** Starts again what a crash or a reboot stopped. Throws SERVER_FAILED, PORT_IN_USE. */
async function awaken(home: LocalHome, unit: HeldUnit, context: WorkContext): Promise<void> {
  await refuseStranger(unit);
  await Promise.all([wakeDatabase(home.layout, context), serve(home, unit, context)]);
}

/** Clones of before 0.2 say `localhost`, which may also mean [::1]: whoever listens there would get their log-in links. */
async function refuseStranger({ port, clone: { id, url } }: HeldUnit): Promise<void> {
  if (new URL(url).hostname !== 'localhost' || (await canListen(port, '::1'))) return;
  throw new WpcloneError(
    'PORT_IN_USE',
    `Another program listens on [::1]:${port}, which the address of ${id} also means.`,
    {
      details: { port },
    },
  );
}
