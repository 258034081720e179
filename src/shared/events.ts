/**
 * What the work tells whoever watches it: the live view, the plain log lines, `--events` and, later, the agent's stream.
 * Every watcher is only a view: an event carries all that is needed to draw it, and dropping one changes nothing.
 */
export const CLONE_STEPS = ['connect', 'provision', 'database', 'files', 'configure', 'verify'] as const;
export type CloneStepName = (typeof CLONE_STEPS)[number];
export type StepName = CloneStepName | 'reset';

/** Counters of a step; which ones are present depends on the step. Bytes are of content, not of the wire. */
export interface StepCounters {
  readonly tables?: number;
  readonly rows?: number;
  readonly files?: number;
  readonly bytes?: number;
  readonly totalBytes?: number;
  readonly totalFiles?: number;
  readonly urlsRewritten?: number;
}

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

/** Things that did not stop the work but that the person should know. Stable, like error codes. */
export type WarningCode =
  | 'COLLATION_MAPPED'
  | 'TABLE_WITHOUT_KEY'
  | 'FILE_UNREADABLE'
  | 'FILE_NAME_REFUSED'
  | 'SYMLINK_OUTSIDE'
  | 'FILE_CHANGED'
  | 'OTHER_SITE_IN_DATABASE'
  | 'OTHER_SITE_IN_FILES'
  | 'HOME_FOLDER_LEFT_OUT'
  | 'BROKEN_SERIALIZED'
  | 'SET_ASIDE'
  | 'PHP_VERSION_DIFFERS'
  | 'DATABASE_FEATURE_DROPPED'
  | 'EXCLUDE_UNMATCHED'
  | 'LEFTOVERS_REMOVED'
  | 'DISCONNECT_FAILED'
  | 'REMOVAL_FAILED'
  | 'SECRET_REPAIRED';

export interface Warning {
  readonly code: WarningCode;
  readonly message: string;
}
