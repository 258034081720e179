import { noSuchClone } from '../../shared/clone-errors.ts';
import type { Caller } from '../access/token.ts';
import type { JobStore } from '../jobs/store.ts';
import { workOf } from './calls.ts';
import type { AgentDeps } from './types.ts';

/**
 * Whether a caller may see a clone: a customer, those that its own jobs have made. A name may have been another's before: whose the clone
 * is now says the last job that made one of that name, which is remembered longer than a clone can live.
 */
export async function sees(store: JobStore, { customer }: Caller, clone: string): Promise<boolean> {
  if (customer === null) return true;
  const [last] = await store.list({ kinds: ['clone'], states: ['completed'], clone, limit: 1 });
  return last?.customer === customer;
}

/** Throws NOT_FOUND: whether another's clone exists is nobody else's business. */
export async function requireOwnClone(store: JobStore, caller: Caller, clone: string): Promise<void> {
  if (!(await sees(store, caller, clone))) throw noSuchClone(clone);
}

/** As `requireOwnClone`, for what is done later, by a job: that the clone is there is looked for now. */
export async function requireLivingClone(deps: AgentDeps, caller: Caller, clone: string): Promise<void> {
  await requireOwnClone(deps.store, caller, clone);
  const clones = await deps.operations.list(workOf(deps, new AbortController().signal));
  if (!clones.some(({ clone_id: id }) => id === clone)) throw noSuchClone(clone);
}
