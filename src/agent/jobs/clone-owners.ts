import { noSuchClone } from '../../shared/clone-errors.ts';
import type { JobStore } from './store.ts';
import type { Job } from './types.ts';

/**
 * Whether a customer may see a clone: null all, others those that their own jobs have made. A name may have been another's before: whose
 * the clone is now says the last job that made one of that name, which is remembered longer than a clone can live.
 */
export async function ownsClone(
  store: Pick<JobStore, 'list'>,
  customer: string | null,
  clone: string,
): Promise<boolean> {
  if (customer === null) return true;
  const [last] = await store.list({ kinds: ['clone'], states: ['completed'], clone, limit: 1 });
  return last?.customer === customer;
}

/** A job that waited may come to a name that is another customer's by now. Throws NOT_FOUND. */
export async function requireStillOwn(
  store: Pick<JobStore, 'list'>,
  { kind, customer, clone }: Pick<Job, 'kind' | 'customer' | 'clone'>,
): Promise<void> {
  if (kind === 'clone' || clone === null || (await ownsClone(store, customer, clone))) return;
  throw noSuchClone(clone);
}
