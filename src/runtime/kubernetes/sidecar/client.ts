import { z } from 'zod';
import type { InstanceContext, InstanceOperations } from '../../../instance/types.ts';
import { caughtMailSchema } from '../../../sidecar/protocol.ts';
import { persist } from '../api/patience.ts';
import { runJob, send, type SidecarClientDeps, type Task } from './jobs.ts';
import type { SidecarCall } from './transport.ts';

/** The instance's operations, done by the sidecar beside it: long ones as jobs that this process only watches. */
export function createSidecarOperations(deps: SidecarClientDeps): InstanceOperations {
  const { cluster } = deps;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the sidecar runs the same operations as are declared here
  const job = <T>(task: Task, context: InstanceContext) => runJob(deps, task, context) as Promise<T>;

  async function ask<T>(
    call: Omit<SidecarCall, 'signal'>,
    answerSchema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const waiting = { ...deps.work, signal };
    return persist(cluster, waiting, async () => {
      const answer = await send(deps, { ...call, signal });
      return answerSchema.parse(JSON.parse(await cluster.read(answer, { what: `ask for ${call.path}`, signal })));
    });
  }

  /** The end of a clone is told by the pod's clock, which is taken to go with the API server's. */
  const toPodTime = (time: number) => time + cluster.clockOffset();
  const inPodTime = <T extends { readonly expiresAt: number }>(task: T): T => ({
    ...task,
    expiresAt: toPodTime(task.expiresAt),
  });

  return {
    pullDatabase: (task, context) => job({ kind: 'pull-database', task }, context),
    pullFiles: (task, context) => job({ kind: 'pull-files', task }, context),
    configure: (task, context) => job({ kind: 'configure', task: inPodTime(task) }, context),
    verify: (task, context) => job({ kind: 'verify', task: inPodTime(task) }, context),
    reset: async (context) => {
      await job({ kind: 'reset' }, context);
    },
    async createLoginLink(signal) {
      const call = { method: 'POST', path: '/v1/login-link', body: {} } as const;
      return (await ask(call, z.object({ url: z.string() }), signal)).url;
    },
    async setExpiry(expiresAt, signal) {
      const call = { method: 'POST', path: '/v1/expiry', body: { expiresAt: toPodTime(expiresAt) } } as const;
      await ask(call, z.unknown(), signal);
    },
    async listMail(signal) {
      return (await ask({ method: 'GET', path: '/v1/mail' }, z.object({ mail: caughtMailSchema }), signal)).mail;
    },
  };
}
