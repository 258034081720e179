import { noSuchClone } from '../../shared/clone-errors.ts';
import type { Caller } from '../access/token.ts';
import { ownsClone } from '../jobs/clone-owners.ts';
import type { JobStore } from '../jobs/store.ts';
import { workOf } from './calls.ts';
import type { AgentDeps } from './types.ts';

/** Whether a caller may see a clone. */
export const sees = (store: JobStore, { customer }: Caller, clone: string): Promise<boolean> =>
  ownsClone(store, customer, clone);

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
