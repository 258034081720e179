import type { z } from 'zod';
import type { stepCountersSchema, warningSchema, workEventSchema } from './event-schemas.ts';

export {
  CLONE_STEPS,
  PICTURED_STEPS,
  PLAN_STEPS,
  REHEARSAL_STEPS,
  RESTORE_STEPS,
  type CloneStepName,
  type StepName,
} from './steps.ts';

export type StepCounters = z.infer<typeof stepCountersSchema>;

/**
 * What the work tells whoever watches it: the live view, the plain log lines, `--events` and the agent's stream.
 * Every watcher is only a view: an event carries all that is needed to draw it, and dropping one changes nothing.
 */
export type WorkEvent = z.infer<typeof workEventSchema>;

export type Emit = (event: WorkEvent) => void;

export type Warning = z.infer<typeof warningSchema>;
export type WarningCode = Warning['code'];
