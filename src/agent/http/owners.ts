import { noSuchClone } from '../../shared/clone-errors.ts';
import type { Caller } from '../access/token.ts';
import { ownsClone } from '../jobs/clone-owners.ts';
import { workOf } from './calls.ts';
import type { AgentDeps } from './types.ts';

/** Throws NOT_FOUND: whether another's clone exists is nobody else's business. Who may see all is told by the work itself that there is none. */
export async function requireOwnClone(deps: AgentDeps, caller: Caller, clone: string): Promise<void> {
  if (caller.customer !== null) await requireLivingClone(deps, caller, clone);
}

/** As `requireOwnClone`, for what is done later, by a job: that the clone is there is looked for now, whoever asks. */
export async function requireLivingClone(deps: AgentDeps, { customer }: Caller, clone: string): Promise<void> {
  const clones = await deps.operations.list(workOf(deps, new AbortController().signal));
  const present = clones.find(({ clone_id: id }) => id === clone);
  if (present === undefined || !(await ownsClone(deps.store, customer, present))) throw noSuchClone(clone);
}
