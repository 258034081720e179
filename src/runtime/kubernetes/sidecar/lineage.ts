import { createHash } from 'node:crypto';
import type { WorkContext } from '../../../shared/context.ts';
import type { Lineage } from './calls.ts';

/** What the context's job does to the clone of that name, over all attempts at it: they have one name for the job. */
export function lineageOf({ jobId }: Pick<WorkContext, 'jobId'>, cloneId: string, goesOn: boolean): Lineage {
  const digest = createHash('sha256').update(`${jobId}/${cloneId}`).digest('base64url');
  return { prefix: `${digest.slice(0, 16)}-`, goesOn };
}
