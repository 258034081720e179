import { noSuchClone } from '../../shared/clone-errors.ts';
import type { Caller } from '../access/token.ts';
import type { JobStore } from '../jobs/store.ts';
import { workOf } from './calls.ts';
import type { AgentDeps } from './types.ts';

/** Which clones a caller may see: those that its customer's jobs have made, or all. */
export interface Sight {
  readonly sees: (clone: string) => boolean;
}

/** A clone is its customer's for as long as the job that made it is remembered, which is longer than a clone can live. */
export async function sightOf(store: JobStore, caller: Caller): Promise<Sight> {
  const { customer } = caller;
  if (customer === null) return { sees: () => true };
  const jobs = await store.list({ customer, kinds: ['clone'], states: ['completed'] });
  const own = new Set(jobs.flatMap(({ clone }) => (clone === null ? [] : [clone])));
  return { sees: (clone) => own.has(clone) };
}

/** Throws NOT_FOUND: whether another's clone exists is nobody else's business. */
export async function requireOwnClone(store: JobStore, caller: Caller, clone: string): Promise<void> {
  const { sees } = await sightOf(store, caller);
  if (!sees(clone)) throw noSuchClone(clone);
}

/** As `requireOwnClone`, for what is done later, by a job: that the clone is there is looked for now. */
export async function requireLivingClone(deps: AgentDeps, caller: Caller, clone: string): Promise<void> {
  await requireOwnClone(deps.store, caller, clone);
  const clones = await deps.operations.list(workOf(deps, new AbortController().signal));
  if (!clones.some(({ clone_id: id }) => id === clone)) throw noSuchClone(clone);
}
