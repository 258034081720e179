import { type JobName, JOBS, type JobTask } from '../../../instance/declared.ts';
import { errorFromWire } from '../../../shared/wire-error.ts';
import type { InstanceContext } from '../../../instance/types.ts';
import type { ErrorCode } from '../../../shared/error-codes.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import { linesOf } from '../../../shared/lines.ts';
import { createWatchdog } from '../../../shared/watchdog.ts';
import { HEARTBEAT_SECONDS, type JobEvent, jobEventSchema, type JobRequest } from '../../../sidecar/protocol.ts';
import { withRetry } from '../api/retry.ts';
import { cancelJob, cut, send, type SidecarClientDeps, whetherGone } from './calls.ts';
import { findBegun } from './find-begun.ts';
import type { SidecarCall } from './transport.ts';

/** A stream that says nothing for this many milliseconds is dead: the sidecar promises a line every few seconds. */
const SILENCE_LIMIT = HEARTBEAT_SECONDS * 4 * 1000;
/** How often work is begun again that a restarted container has forgotten. */
const RESTARTS = 2;
/** Milliseconds before a stream that was cut is taken up again. */
const TAKE_UP = 250;

/** Starts the job and watches it to its end, however often the connection is cut; a cancelled caller cancels the job. */
export async function runJob<K extends JobName>(
  deps: SidecarClientDeps,
  kind: K,
  task: JobTask<K>,
  context: InstanceContext,
): Promise<unknown> {
  const waiting = { ...deps.work, signal: context.signal };
  const begun = deps.lineage?.goesOn === true ? await findBegun(deps, deps.lineage, kind, context.signal) : undefined;
  let id = begun ?? newId(deps);
  let starts = 0;
  let started = begun !== undefined;
  const watchOnce = async (): Promise<Outcome | undefined> => {
    const call: Omit<SidecarCall, 'signal'> = started
      ? { method: 'GET', path: `/v1/jobs/${id}` }
      : { method: 'POST', path: '/v1/jobs', body: { id, kind, task } satisfies JobRequest<K>, since: JOBS[kind].since };
    const watching = watchJob(deps, call, context, () => {
      started = true;
    });
    return watching.catch(async (error: unknown) => {
      context.signal.throwIfAborted();
      // Nobody waits for an instance that is gone as for an API server that is away.
      throw await whetherGone(deps, error, context.signal);
    });
  };
  const report = (error: WpcloneError, waitSeconds: number) => context.retry(error.message, waitSeconds);

  for (;;) {
    try {
      const outcome = await withRetry(deps.cluster, waiting, watchOnce, report);
      if (outcome === undefined) {
        // An outage begins now, however long the job has been running: whoever persists counts from here.
        report(cut(), TAKE_UP / 1000);
        await deps.work.sleep(TAKE_UP, context.signal);
        continue;
      }
      if (outcome.failure !== undefined) throw outcome.failure;
      return outcome.value;
    } catch (error) {
      if (context.signal.aborted) {
        if (started) await cancelJob(deps, id);
        throw error;
      }
      const failure = await whetherGone(deps, error, context.signal);
      // The container is stopped or was started again and knows nothing of the job; or nobody watched it for too long. The pod is
      // still there, and every operation may be made again.
      const forgotten = started && failure === error && FORGOTTEN.includes(failure.code);
      if (!forgotten || starts === RESTARTS) throw failure;
      starts += 1;
      started = false;
      id = newId(deps);
      context.retry('The instance was restarted; this step begins again.', 1);
      await deps.work.sleep(1000, context.signal);
    }
  }
}

/** INSTANCE_LOST: the sidecar was asked to stop, and said so. CANCELLED: not by us. */
const FORGOTTEN: readonly ErrorCode[] = ['NOT_FOUND', 'INSTANCE_LOST', 'CANCELLED'];

const newId = ({ work, lineage }: SidecarClientDeps): string =>
  `${lineage?.prefix ?? ''}${work.randomBytes(12).toString('base64url')}`;

/** How the job itself ended; only failures to watch it are thrown. */
interface Outcome {
  readonly value?: unknown;
  readonly failure?: WpcloneError;
}

/** Undefined when a stream that had said something was cut; throws a retryable error when there was none. */
async function watchJob(
  deps: SidecarClientDeps,
  call: Omit<SidecarCall, 'signal'>,
  context: InstanceContext,
  onStarted: () => void,
): Promise<Outcome | undefined> {
  const silence = new AbortController();
  const signal = AbortSignal.any([context.signal, silence.signal]);
  let spoke = false;
  const die = () => {
    deps.cluster.renew();
    silence.abort(cut());
  };
  const watchdog = createWatchdog(SILENCE_LIMIT, deps.work, die);
  try {
    const answer = await send(deps, { ...call, endless: true, signal });
    onStarted();
    for await (const line of linesOf(answer.body)) {
      watchdog.heard();
      const event = parseEvent(line);
      spoke ||= event !== undefined;
      if (event?.type === 'progress') context.progress(event.counters, event.message);
      if (event?.type === 'retry') context.retry(event.message, event.waitSeconds);
      if (event?.type === 'result') return { value: event.value };
      if (event?.type === 'error') return { failure: errorFromWire(event.error) };
    }
    throw cut();
  } catch (error) {
    context.signal.throwIfAborted();
    if (spoke) return undefined;
    if (error instanceof WpcloneError) throw error;
    throw cut();
  } finally {
    watchdog.stop();
    silence.abort();
  }
}

/** A line that was cut in two is none. */
const parseEvent = (line: string): JobEvent | undefined => jobEventSchema.safeParse(parseJson(line)).data;
