import { z } from 'zod';
import { workEventSchema } from '../../shared/event-schemas.ts';
import type { Emit, StepName, WorkEvent } from '../../shared/events.ts';
import type { JobLogEvent } from './follow.ts';

/** What happened to the job itself. */
const jobEvent = z.object({
  type: z.literal('job'),
  at: z.string(),
  reason: z.string().optional(),
  retryAt: z.number().optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});

/** Draws a job's log as the work itself would have told it. What a newer agent tells besides is left out. */
export interface Retelling {
  readonly tell: (event: JobLogEvent) => void;
  /** Nothing follows: what was held back is told too. */
  readonly flush: () => void;
}

/**
 * `mayAsk`: a step that failed is only told once it is known that the job did not fail for want of a log-in, for then it is done again
 * with one and nobody needs to know.
 */
export function retell(emit: Emit, mayAsk: boolean): Retelling {
  const held: WorkEvent[] = [];
  let step: StepName = 'connect';
  // The first that failed is why; those beside it are only stopped.
  let failed: StepName | undefined;
  const flush = (): void => {
    for (const event of held.splice(0)) emit(event);
  };
  return {
    flush,
    tell: ({ event }) => {
      const change = jobEvent.safeParse(event);
      if (change.success) {
        if (change.data.error?.code === 'LOGIN_NEEDED' && mayAsk) held.splice(0);
        flush();
        for (const told of changes(change.data, failed ?? step)) emit(told);
        failed = undefined;
        return;
      }
      const { at: _when, ...rest } = event;
      const work = workEventSchema.safeParse(rest);
      if (!work.success) return;
      if ('step' in work.data) ({ step } = work.data);
      if (work.data.type === 'step-failed') failed ??= step;
      if (held.length > 0 || (mayAsk && work.data.type === 'step-failed')) held.push(work.data);
      else emit(work.data);
    },
  };
}

function changes({ at, reason, retryAt, error }: z.infer<typeof jobEvent>, step: StepName): WorkEvent[] {
  if (reason === 'retry') {
    const waitSeconds = Math.max(0, ((retryAt ?? 0) - Date.parse(at)) / 1000);
    return [{ type: 'retry', step, message: error?.message ?? 'the job failed', waitSeconds }];
  }
  if (reason === 'lost' || reason === 'released') {
    return [{ type: 'warning', code: 'AGENT_INTERRUPTED', message: 'The agent ended; another goes on with the job.' }];
  }
  return [];
}
