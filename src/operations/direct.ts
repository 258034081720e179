import type { WorkContext } from '../shared/context.ts';
import { noSuchClone } from '../shared/clone-errors.ts';
import { WpcloneError } from '../shared/errors.ts';
import { packageVersion } from '../shared/package-root.ts';
import type { Runtime } from '../runtime/types.ts';
import type { CloneState } from '../runtime/unit-states.ts';
import { createPoolOperations } from './pool.ts';
import { cloneReport, cloneResult } from './reports.ts';
import { openResources, type Resources } from './resources.ts';
import { createRestoreOperations } from './restores.ts';
import { createSourcePort, createWritePort, disconnectSite } from './sources.ts';
import type { GarbageReport, Operations } from './types.ts';
import type { OperationSettings } from './settings.ts';

/**
 * Operations that do the work in this process, straight on the runtime. Nothing is opened before it is needed; a process that
 * does many jobs gives all of them the same `resources`, and one that keeps the pool hears of what is said of it by `poolChanged`.
 */
export function createDirectOperations(
  settings: OperationSettings,
  resources: Resources = openResources(settings),
  poolChanged?: () => void,
): Operations {
  return {
    tidiesItself: false,
    pool: createPoolOperations(settings, resources, poolChanged),

    async clone(request, credentials, context) {
      const runtime = await resources.runtime(context);
      const source = createSourcePort({ ...request, ...credentials }, settings, await resources.state(context));
      const started = context.now();
      // What only a clone needs is a quarter of an agent's memory, whose clones are made in processes of their own.
      const { cloneSite } = await import('../engine/clone.ts');
      const outcome = await cloneSite(request, source, runtime, context);
      return cloneResult(outcome, (context.now() - started) / 1000);
    },

    async list(context) {
      const runtime = await resources.runtime(context);
      return (await runtime.list(context)).map((facts) => cloneReport(facts));
    },

    async show(id, options, context) {
      const runtime = await resources.runtime(context);
      const { facts } = await runtime.get(id, context);
      return cloneReport(facts, options.password ? await runtime.password(id, context) : undefined);
    },

    async loginLink(id, context) {
      const runtime = await resources.runtime(context);
      const { facts, instance } = await cloneIn(['ready'], runtime, id, context);
      const loginUrl = await instance.operations.createLoginLink(context.signal);
      return { clone_id: facts.id, clone_url: facts.url, login_url: loginUrl };
    },

    async expose(id, context, ended) {
      const runtime = await resources.runtime(context);
      return runtime.expose(id, context, ended);
    },

    async extend(id, seconds, context) {
      const runtime = await resources.runtime(context);
      const { facts: before, instance } = await cloneIn(['ready'], runtime, id, context);
      const expiresAt = context.now() + seconds * 1000;
      const tellClone = () => instance.operations.setExpiry(expiresAt, context.signal);
      // It ends when the first of the two says: cut off between them, it must not end before what `list` says.
      if (expiresAt > before.expiresAt) await tellClone();
      const facts = await runtime.extend(id, expiresAt, context);
      if (expiresAt <= before.expiresAt) await tellClone();
      return cloneReport(facts);
    },

    async reset(id, context) {
      const runtime = await resources.runtime(context);
      await cloneIn(['ready', 'resetting'], runtime, id, context);
      const { resetClone } = await import('../engine/reset.ts');
      return cloneReport(await resetClone(runtime, id, context));
    },

    async planRestore(request, credentials, context) {
      const runtime = await resources.runtime(context);
      const { facts } = await cloneIn(['ready'], runtime, request.cloneId, context);
      const { planRestoreOf } = await import('../engine/restore.ts');
      const login = { ...request, ...credentials, url: request.to ?? facts.source.url };
      const reaching = request.isCopy ? await reachingCopy(login.url, settings, runtime, context) : settings;
      const source = createSourcePort(login, reaching, await resources.state(context));
      const spec = { ...request, isNamed: request.to !== undefined, version: await packageVersion() };
      return planRestoreOf(spec, source, runtime, context);
    },

    async applyRestore(request, credentials, context) {
      const runtime = await resources.runtime(context);
      const { facts } = await cloneIn(['ready'], runtime, request.cloneId, context);
      const state = await resources.state(context);
      const { applyRestore } = await import('./apply-restore.ts');
      const url = request.to ?? facts.source.url;
      const reaching = request.isCopy ? await reachingCopy(url, settings, runtime, context) : settings;
      const port = createWritePort({ ...request, ...credentials, url }, reaching, state);
      return applyRestore(request, url, port, runtime, state, context);
    },

    restores: createRestoreOperations(settings, resources),

    async delete(id, context) {
      const runtime = await resources.runtime(context);
      // Not `get`: it would start a stopped clone only for it to be removed.
      const known = (await runtime.list(context)).some((facts) => facts.id === id);
      if (!known) throw noSuchClone(id);
      await runtime.remove(id, context);
      return { clone_id: id, deleted: true };
    },

    async disconnect(url, login, credentials, context) {
      return disconnectSite(url, { ...login, ...credentials }, settings, await resources.state(context), context);
    },

    async mail(id, context) {
      const runtime = await resources.runtime(context);
      const { instance } = await runtime.get(id, context);
      return instance.operations.listMail(context.signal);
    },

    async *logs(id, options, context) {
      const runtime = await resources.runtime(context);
      yield* runtime.logs(id, options, context);
    },

    async collectGarbage(context) {
      const runtime = await resources.runtime(context);
      const failed: GarbageReport['failed'][number][] = [];
      const removed = await runtime.sweep(context, (id, { code, message, details }) => {
        failed.push({ clone_id: id, code, message, details });
      });
      const sources = await runtime.trimCache?.(context);
      return { removed, failed, ...(sources ? { sources } : {}) };
    },

    async dueTimes(context) {
      return (await resources.runtime(context)).dueTimes(context);
    },

    async mayTend(context) {
      const runtime = await resources.runtime(context);
      return runtime.mayTend === undefined || runtime.mayTend(context);
    },

    async takeBack(isOver, context) {
      const runtime = await resources.runtime(context);
      return runtime.takeBack(isOver, context);
    },

    async keepTables(context) {
      const runtime = await resources.runtime(context);
      await runtime.keepTables?.(context);
    },

    close: () => resources.close(),
  };
}

/** A clone of our own is reached wherever it is, also by an agent that may not go to such networks. */
async function reachingCopy(
  url: string,
  settings: OperationSettings,
  runtime: Runtime,
  context: WorkContext,
): Promise<OperationSettings> {
  const isOurs = (await runtime.list(context)).some((facts) => facts.url === url);
  return isOurs ? { ...settings, reach: undefined } : settings;
}

/** Throws NOT_FOUND, EXPIRED, NOT_READY. */
async function cloneIn(states: readonly CloneState[], runtime: Runtime, id: string, context: WorkContext) {
  const clone = await runtime.get(id, context);
  if (states.includes(clone.facts.state)) return clone;
  if (clone.facts.state === 'expired')
    throw new WpcloneError('EXPIRED', `${id} has expired.`, { details: { name: id } });
  throw new WpcloneError('NOT_READY', `${id} is ${clone.facts.state}.`, { details: { name: id } });
}
