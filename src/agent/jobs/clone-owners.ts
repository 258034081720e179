import { nameTaken, noSuchClone } from '../../shared/clone-errors.ts';
import { administratorName } from '../../operations/names.ts';
import type { CloneReport } from '../../operations/clone-report.ts';
import { attemptName } from './attempt-name.ts';
import type { JobStore } from './store.ts';
import type { Attempt, Job } from './types.ts';

/** A clone as it is now: the name alone does not tell it from an earlier one. */
export type LivingClone = Pick<CloneReport, 'clone_id' | 'clone_url' | 'username'>;

type Listing = Pick<JobStore, 'list'>;

/**
 * Whether a customer may see a clone: null all, others those that their own jobs have made. A name may have been another's before, and a
 * clone of that name made without the agent since: whose it is says the last job that made one of that name, which is remembered longer than
 * a clone can live, if it made this very one. Each clone has an administrator of its own, by which it is known.
 */
export async function ownsClone(store: Listing, customer: string | null, clone: LivingClone): Promise<boolean> {
  if (customer === null) return true;
  const [last] = await store.list({ kinds: ['clone'], states: ['completed'], clone: clone.clone_id, limit: 1 });
  if (last?.customer !== customer) return false;
  return last.result?.['username'] === clone.username && last.result['clone_url'] === clone.clone_url;
}

/** Whether this attempt of a job, or an earlier one, has made this very clone, and its agent died before that was written down. */
export const hasMade = ({ id, epoch }: Attempt, { username }: Pick<LivingClone, 'username'>): boolean =>
  Array.from({ length: epoch }, (_, index) => administratorName(attemptName({ id, epoch: index + 1 }))).includes(
    username,
  );

/**
 * A job that waited may come to a name that is another's by now. One that makes a clone replaces nothing of others. `living` lists the clones that
 * there are. Throws NOT_FOUND, NAME_TAKEN.
 */
export async function requireStillOwn(
  store: Listing,
  job: Pick<Job, 'id' | 'epoch' | 'kind' | 'customer' | 'clone' | 'request'>,
  living: () => Promise<readonly LivingClone[]>,
): Promise<void> {
  const { kind, customer, clone, request } = job;
  if (customer === null || clone === null || (kind === 'clone' && request['replace'] !== true)) return;
  const present = (await living()).find(({ clone_id: id }) => id === clone);
  // One that is gone is told of by the work itself.
  if (present === undefined || (await ownsClone(store, customer, present))) return;
  if (kind === 'clone' && hasMade(job, present)) return;
  throw kind === 'clone' ? nameTaken(clone) : noSuchClone(clone);
}
