import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { credentialsOf } from '../../operations/credentials.ts';
import type { Operations } from '../../operations/types.ts';
import type { CloneResult } from '../../operations/clone-report.ts';
import type { JobOutcome } from '../jobs/executor.ts';
import type { Json, JsonObject, Secrets } from '../jobs/types.ts';
import type { Begin } from './messages.ts';
import { cloneRequestSchema } from './requests.ts';
import { performRestore } from './restore.ts';

/** Carries one job out with `operations`, which are this process's own. */
export async function perform(job: Begin, operations: Operations, context: WorkContext): Promise<JobOutcome> {
  if (job.kind === 'clone') {
    const request = cloneRequestSchema.parse(job.request);
    return cloneOutcome(await operations.clone(request, credentialsOf(job.secrets), context));
  }
  if (job.kind === 'reset') return { result: plain(await operations.reset(nameOf(job), context)), secrets: {} };
  if (job.kind === 'delete') return { result: plain(await operations.delete(nameOf(job), context)), secrets: {} };
  if (job.kind === 'restore') return { result: plain(await performRestore(job, operations, context)), secrets: {} };
  throw new WpcloneError('INTERNAL', `This version carries out no jobs of the kind ${job.kind}.`);
}

/** What lets people into the clone is kept apart from the rest. */
function cloneOutcome({ password, login_url, ...rest }: CloneResult): JobOutcome {
  const secrets: Secrets = { password, login_url };
  return { result: plain(rest), secrets };
}

function nameOf({ clone }: Begin): string {
  if (clone === null) throw new WpcloneError('INTERNAL', 'The job names no clone.');
  return clone;
}

/** As it will be read from the queue again. */
export function plain(value: object): JsonObject {
  const copy: { [key: string]: Json } = JSON.parse(JSON.stringify(value));
  return copy;
}
