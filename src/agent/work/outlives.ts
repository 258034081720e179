import type { RuntimeKind } from '../../runtime/types.ts';
import type { Job, JobKind } from '../jobs/types.ts';

/** Kinds of jobs whose next attempt takes up what the last one left in a pod. */
const TAKEN_UP: ReadonlySet<JobKind> = new Set(['clone', 'reset', 'delete']);

/**
 * Whether the work of an attempt goes on without its process: in a pod it does, and the next attempt takes it up where it is then. On this
 * machine it ends with the process, which takes back what it did.
 */
export const outlivesProcess = (runtime: RuntimeKind, kind: JobKind): boolean =>
  runtime === 'kubernetes' && TAKEN_UP.has(kind);

/**
 * The name in which an attempt takes instances: one that is to be gone on with has it in common with those before it, unless one of them
 * failed, and took back what it did.
 */
export const leaseName = (runtime: RuntimeKind, { id, kind, failures, epoch }: Job): string =>
  `${id}.${outlivesProcess(runtime, kind) ? failures : epoch}`;

/** Whether nobody goes on with what was taken in this name; false for names that no job here has. */
export async function isLeaseOver(
  lease: string,
  find: (id: string) => Promise<Pick<Job, 'finishedAt' | 'failures'> | undefined>,
): Promise<boolean> {
  const [id = '', count = ''] = lease.split('.');
  const job = await find(id);
  return job !== undefined && (job.finishedAt !== null || Number(count) < job.failures);
}
