import type { WorkContext } from '../shared/context.ts';
import { noSuchClone } from '../shared/clone-errors.ts';
import { WpcloneError } from '../shared/errors.ts';
import { cloneSite } from '../engine/clone.ts';
import { resetClone } from '../engine/reset.ts';
import type { CloneState, Runtime } from '../runtime/types.ts';
import { cloneReport, cloneResult } from './reports.ts';
import { openResources } from './resources.ts';
import { createSourcePort, disconnectSite } from './sources.ts';
import type { Operations, OperationSettings } from './types.ts';

/** Operations that do the work in this process, straight on the runtime. Nothing is opened before it is needed. */
export function createDirectOperations(settings: OperationSettings): Operations {
  const resources = openResources(settings);

  /** Every operation first clears away what an earlier crash or an ended clone left. */
  async function tidyRuntime(context: WorkContext): Promise<Runtime> {
    const runtime = await resources.runtime(context);
    tellOfRemoved(await runtime.sweep(context), context);
    return runtime;
  }

  return {
    async clone(request, context) {
      const runtime = await tidyRuntime(context);
      const source = createSourcePort(request, settings.environment, await resources.state(context));
      const started = context.now();
      const outcome = await cloneSite(request, source, runtime, context);
      return cloneResult(outcome, (context.now() - started) / 1000);
    },

    async list(context) {
      const runtime = await tidyRuntime(context);
      return (await runtime.list(context)).map((facts) => cloneReport(facts));
    },

    async show(id, options, context) {
      const runtime = await tidyRuntime(context);
      const { facts } = await runtime.get(id, context);
      return cloneReport(facts, options.password ? await runtime.password(id, context) : undefined);
    },

    async loginLink(id, context) {
      const runtime = await tidyRuntime(context);
      const { facts, instance } = await cloneIn(['ready'], runtime, id, context);
      const loginUrl = await instance.operations.createLoginLink(context.signal);
      return { clone_id: facts.id, clone_url: facts.url, login_url: loginUrl };
    },

    async expose(id, context) {
      const runtime = await resources.runtime(context);
      return runtime.expose?.(id, context);
    },

    async extend(id, seconds, context) {
      const runtime = await tidyRuntime(context);
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
      const runtime = await tidyRuntime(context);
      await cloneIn(['ready', 'resetting'], runtime, id, context);
      return cloneReport(await resetClone(runtime, id, context));
    },

    async delete(id, context) {
      const runtime = await resources.runtime(context);
      // Not `get`: it would start a stopped clone only for it to be removed.
      const known = (await runtime.list(context)).some((facts) => facts.id === id);
      if (!known) throw noSuchClone(id);
      await runtime.remove(id, context);
      return { clone_id: id, deleted: true };
    },

    async disconnect(url, login, context) {
      return disconnectSite(url, login, settings.environment, await resources.state(context), context);
    },

    async mail(id, context) {
      const runtime = await tidyRuntime(context);
      const { instance } = await runtime.get(id, context);
      return instance.operations.listMail(context.signal);
    },

    async *logs(id, options, context) {
      const runtime = await resources.runtime(context);
      yield* runtime.logs(id, options, context);
    },

    async collectGarbage(context) {
      const runtime = await resources.runtime(context);
      const failures: WpcloneError[] = [];
      const removed = await runtime.sweep(context, (id, { code, message, details }) => {
        failures.push(new WpcloneError(code, `${id} could not be removed: ${message}`, { details }));
      });
      const [first] = failures;
      if (first === undefined) return removed;
      // A scheduler must see that it failed; what was removed is gone all the same.
      tellOfRemoved(removed, context);
      const message = failures.map((failure) => failure.message).join('\n');
      throw new WpcloneError(first.code, message, { details: first.details, cause: first });
    },

    close: () => resources.close(),
  };
}

function tellOfRemoved(removed: readonly string[], context: WorkContext): void {
  if (removed.length === 0) return;
  const message = `Removed what was left of ${removed.join(', ')}.`;
  context.emit({ type: 'warning', code: 'LEFTOVERS_REMOVED', message });
}

/** Throws NOT_FOUND, EXPIRED, NOT_READY. */
async function cloneIn(states: readonly CloneState[], runtime: Runtime, id: string, context: WorkContext) {
  const clone = await runtime.get(id, context);
  if (states.includes(clone.facts.state)) return clone;
  if (clone.facts.state === 'expired')
    throw new WpcloneError('EXPIRED', `${id} has expired.`, { details: { name: id } });
  throw new WpcloneError('NOT_READY', `${id} is ${clone.facts.state}.`, { details: { name: id } });
}
