import type { FastifyReply, FastifyRequest } from 'fastify';
import { newJobId, type WorkContext } from '../../shared/context.ts';
import type { Job } from '../jobs/types.ts';
import type { AgentDeps } from './types.ts';

const ENDED: readonly Job['state'][] = ['completed', 'failed'];

export const hasEnded = ({ state }: Pick<Job, 'state'>): boolean => ENDED.includes(state);

/** Asks again at each event of a job until the answer is good, the seconds are over (long polling), or the agent ends. */
export async function longPoll<T>(
  { nextEvent, rung, work, closing }: Pick<AgentDeps, 'nextEvent' | 'rung' | 'work' | 'closing'>,
  job: string,
  seconds: number,
  left: AbortSignal,
  ask: () => Promise<T>,
  isGood: (answer: T) => boolean,
): Promise<T> {
  const signal = AbortSignal.any([left, closing]);
  const end = work.now() + seconds * 1000;
  for (;;) {
    const before = rung();
    const answer = await ask();
    const rest = end - work.now();
    if (isGood(answer) || rest <= 0 || signal.aborted) return answer;
    // What was told while it was asked may be what it waits for.
    if (rung() === before) await nextEvent(rest, signal, job);
  }
}

/** Aborts when the caller goes away or was answered. */
export function abortOf({ raw }: Pick<FastifyReply, 'raw'>): AbortSignal {
  const gone = new AbortController();
  if (raw.closed) gone.abort();
  raw.once('close', () => gone.abort());
  return gone.signal;
}

/** The trace that a call is part of (W3C Trace Context), as it says itself. */
export function traceparentOf({ headers }: Pick<FastifyRequest, 'headers'>): string | null {
  const { traceparent } = headers;
  return typeof traceparent === 'string' ? traceparent.slice(0, 100) : null;
}

/** What an operation is given that a call waits for. */
export const workOf = ({ work }: Pick<AgentDeps, 'work'>, signal: AbortSignal): WorkContext => ({
  ...work,
  signal,
  jobId: newJobId(work.randomBytes),
  emit: () => undefined,
});
