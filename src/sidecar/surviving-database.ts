import type { InstanceContext, InstanceOperations } from '../instance/types.ts';
import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError } from '../shared/errors.ts';
import { untilAnswering } from './until-answering.ts';

/** How often a step is run at most when the database keeps dying under it. */
const ATTEMPTS = 3;
/** Milliseconds for a killed database to be started again by the kubelet and to recover. */
const DATABASE_LIMIT = 90_000;

/**
 * Runs a step again when the database died under it: the kubelet starts the container anew, and every step may be repeated.
 * `incarnation` names the present run of the server: it changes with each start, and throws while the server does not answer.
 */
export function survivingDatabase(
  operations: InstanceOperations,
  incarnation: () => Promise<string>,
  work: Pick<WorkContext, 'now' | 'sleep'>,
): InstanceOperations {
  async function attempt<T>(
    run: () => Promise<T>,
    context: InstanceContext,
    isGood: (value: T) => boolean = () => true,
  ): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      const before = await incarnation().catch(() => 'none');
      const result = await Promise.allSettled([run()]).then(([settled]) => settled);
      if (result.status === 'fulfilled' && isGood(result.value)) return result.value;
      context.signal.throwIfAborted();
      const after = await incarnation().catch(() => 'none');
      if (tries === ATTEMPTS || (before === after && after !== 'none')) {
        if (result.status === 'rejected') throw result.reason;
        return result.value;
      }
      const why = result.status === 'rejected' ? ` (${toWpcloneError(result.reason).message})` : '';
      context.retry(`The database was restarted${why}; this step begins again.`, 0);
      await untilAnswering(incarnation, DATABASE_LIMIT, work, context.signal);
    }
  }

  return {
    ...operations,
    pullDatabase: (task, context) => attempt(() => operations.pullDatabase(task, context), context),
    configure: (task, context) => attempt(() => operations.configure(task, context), context),
    // What was found while the database was away says nothing about the clone.
    verify: (task, context) =>
      attempt(
        () => operations.verify(task, context),
        context,
        ({ findings }) => findings.length === 0,
      ),
    reset: (task, context) => attempt(() => operations.reset(task, context), context),
  };
}
