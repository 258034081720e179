import type { RuntimeKind } from '../../runtime/facts.ts';
import { attemptName, attemptOf } from '../jobs/attempt-name.ts';
import type { Job, JobKind } from '../jobs/types.ts';
import { type Checkpoint, readCheckpoint } from './checkpoint.ts';

/** Kinds of jobs whose next attempt takes up what the last one left in a pod. */
const TAKEN_UP: ReadonlySet<JobKind> = new Set(['clone', 'reset', 'delete']);

/**
 * Whether the work of an attempt goes on without its process: in a pod it does, and the next attempt takes it up where it is then. On this
 * machine it ends with the process, which takes back what it did.
 */
export const outlivesProcess = (runtime: RuntimeKind, kind: JobKind): boolean =>
  runtime === 'kubernetes' && TAKEN_UP.has(kind);

/**
 * The name in which an attempt takes instances: that of the last one, when that took nothing back of what can be gone on with; else its own.
 */
export const leaseName = (job: Pick<Job, 'id' | 'epoch'>, { lease }: Checkpoint): string => lease ?? attemptName(job);

/** Whether nobody goes on with what was taken in this name; false for names that no job here has. */
export async function isLeaseOver(
  lease: string,
  find: (id: string) => Promise<Pick<Job, 'finishedAt' | 'epoch' | 'checkpoint'> | undefined>,
): Promise<boolean> {
  const { id, epoch } = attemptOf(lease);
  const job = await find(id);
  if (job === undefined) return false;
  if (job.finishedAt !== null) return true;
  return epoch < job.epoch && readCheckpoint(job.checkpoint).lease !== lease;
}
