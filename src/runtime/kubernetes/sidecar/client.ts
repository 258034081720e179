import { z } from 'zod';
import {
  type CallAnswer,
  type CallInput,
  type CallName,
  CALLS,
  type JobName,
  type JobResult,
  JOBS,
  type JobTask,
} from '../../../instance/declared.ts';
import type { InstanceContext, InstanceOperations } from '../../../instance/types.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { parseJson } from '../../../shared/json.ts';
import { withRetry } from '../api/retry.ts';
import { send, type SidecarClientDeps, whetherGone } from './calls.ts';
import { runJob } from './jobs.ts';

/** The instance's operations, done by the sidecar beside it: long ones as jobs that this process only watches. */
export function createSidecarOperations(deps: SidecarClientDeps): InstanceOperations {
  const { cluster } = deps;
  const job = async <K extends JobName>(kind: K, task: JobTask<K>, context: InstanceContext): Promise<JobResult<K>> =>
    understood(JOBS[kind].result, await runJob(deps, kind, task, context));

  const ask = <K extends CallName>(name: K, input: CallInput<K>, signal: AbortSignal) =>
    askInstance(deps, name, input, signal);

  /** The end of a clone is told by the pod's clock, which is taken to go with the API server's. */
  const toPodTime = (time: number) => time + cluster.clockOffset();
  const inPodTime = <T extends { readonly expiresAt: number }>(task: T): T => ({
    ...task,
    expiresAt: toPodTime(task.expiresAt),
  });

  return {
    pullDatabase: (task, context) => job('pullDatabase', task, context),
    pullFiles: (task, context) => job('pullFiles', task, context),
    configure: (task, context) => job('configure', inPodTime(task), context),
    verify: (task, context) => job('verify', inPodTime(task), context),
    reset: (task, context) => job('reset', task, context),
    planRestore: (task, context) => job('planRestore', task, context),
    applyRestore: (task, context) => job('applyRestore', task, context),
    createLoginLink: async (signal) => (await ask('createLoginLink', {}, signal)).url,
    async setExpiry(expiresAt, signal) {
      await ask('setExpiry', { expiresAt: toPodTime(expiresAt) }, signal);
    },
    listMail: async (signal) => (await ask('listMail', undefined, signal)).mail,
    examine: (signal) => ask('examine', undefined, signal),
  };
}

/** What is answered at once. Throws what the instance throws, INSTANCE_LOST, and PROTOCOL_MISMATCH when it does not know what it is asked. */
export async function askInstance<K extends CallName>(
  deps: SidecarClientDeps,
  name: K,
  input: CallInput<K>,
  signal: AbortSignal,
): Promise<CallAnswer<K>> {
  const { method, path, answer, since } = CALLS[name];
  const call = { method, path, since, ...(input === undefined ? {} : { body: input }), signal };
  const askOnce = async (): Promise<string> =>
    deps.cluster.read(await send(deps, call), { what: `ask for ${path}`, signal });
  const said = await withRetry(deps.cluster, { ...deps.work, signal }, () =>
    askOnce().catch(async (error: unknown) => {
      throw await whetherGone(deps, error, signal);
    }),
  );
  return understood(answer, parseJson(said));
}

/** What an instance answers is no more trusted than what it is asked. Throws INTERNAL. */
function understood<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const why = z.prettifyError(parsed.error);
  throw new WpcloneError('INTERNAL', `The instance gave an answer that makes no sense: ${why}`);
}
