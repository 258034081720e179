import type { z } from 'zod';
import type { stepCountersSchema, warningSchema } from './event-schemas.ts';

/**
 * What the work tells whoever watches it: the live view, the plain log lines, `--events` and, later, the agent's stream.
 * Every watcher is only a view: an event carries all that is needed to draw it, and dropping one changes nothing.
 */
export const CLONE_STEPS = ['connect', 'provision', 'database', 'files', 'configure', 'verify'] as const;
export type CloneStepName = (typeof CLONE_STEPS)[number];
export type StepName = CloneStepName | 'reset';

export type StepCounters = z.infer<typeof stepCountersSchema>;

export type WorkEvent =
  | { readonly type: 'step-started'; readonly step: StepName }
  | {
      readonly type: 'step-progress';
      readonly step: StepName;
      readonly message?: string;
      readonly counters?: StepCounters;
    }
  | { readonly type: 'step-finished'; readonly step: StepName; readonly message: string; readonly seconds: number }
  | { readonly type: 'step-failed'; readonly step: StepName; readonly message: string }
  | { readonly type: 'retry'; readonly step: StepName; readonly message: string; readonly waitSeconds: number }
  | { readonly type: 'warning'; readonly code: WarningCode; readonly message: string }
  | { readonly type: 'undo'; readonly step: StepName; readonly message: string };

export type Emit = (event: WorkEvent) => void;

export type Warning = z.infer<typeof warningSchema>;
export type WarningCode = Warning['code'];
