/** The steps of a clone, in the order in which they are shown. */
export const CLONE_STEPS = ['connect', 'provision', 'database', 'files', 'configure', 'verify'] as const;
export type CloneStepName = (typeof CLONE_STEPS)[number];
/** What a plan of a restore takes. */
export const PLAN_STEPS = ['connect', 'plan'] as const;
/** What carrying it out takes. */
export const RESTORE_STEPS = ['connect', 'apply', 'verify'] as const;
/** What trying it out takes, on a copy of the live site. */
export const REHEARSAL_STEPS = ['copy', 'connect', 'plan', 'apply', 'verify'] as const;
export const PICTURED_STEPS = [...REHEARSAL_STEPS, 'pictures'] as const;
export const STEPS = [...CLONE_STEPS, 'reset', 'copy', 'pictures', 'plan', 'apply', 'undo', 'accept'] as const;
export type StepName = (typeof STEPS)[number];
