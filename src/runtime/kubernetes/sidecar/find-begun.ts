import { type JobName, JOBS } from '../../../instance/declared.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import { statusSchema } from '../../../sidecar/protocol.ts';
import { withRetry } from '../api/retry.ts';
import { cancelJob, type Lineage, send, type SidecarClientDeps } from './calls.ts';

/**
 * Jobs that are gone on with, whoever began them: what they do depends on nothing that only the attempt knew that asked for them. Any
 * other is asked for with what the present attempt chose (a password), and therefore done again.
 */
const TAKEN_UP: ReadonlySet<JobName> = new Set(['pullDatabase', 'pullFiles', 'reset']);

/**
 * The job of this kind that an earlier attempt at the same work began in the instance, whether it runs or has ended; undefined when it
 * is to be begun. What of that attempt still runs in its way is stopped.
 */
export async function findBegun(
  deps: SidecarClientDeps,
  { prefix }: Lineage,
  kind: JobName,
  signal: AbortSignal,
): Promise<string | undefined> {
  const begun = (await jobsIn(deps, signal)).filter(({ id }) => id.startsWith(prefix));
  const same = begun.findLast((job) => job.kind === kind);
  if (same !== undefined && TAKEN_UP.has(kind)) return same.id;
  const inTheWay = begun.filter((job) => job.running && job.kind !== JOBS[kind].beside);
  await Promise.all(inTheWay.map(({ id }) => cancelJob(deps, id)));
  return undefined;
}

function jobsIn(deps: SidecarClientDeps, signal: AbortSignal) {
  return withRetry(deps.cluster, { ...deps.work, signal }, async () => {
    const answer = await send(deps, { method: 'GET', path: '/v1/status', signal });
    const said = await deps.cluster.read(answer, { what: 'ask for its jobs', signal });
    const parsed = statusSchema.safeParse(parseJson(said));
    if (parsed.success) return parsed.data.jobs;
    throw new WpcloneError('INTERNAL', 'The instance gave an answer about its jobs that makes no sense.');
  });
}
