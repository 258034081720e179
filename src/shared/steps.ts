/** The steps of a clone, in the order in which they are shown. */
export const CLONE_STEPS = ['connect', 'provision', 'database', 'files', 'configure', 'verify'] as const;
export type CloneStepName = (typeof CLONE_STEPS)[number];
export const STEPS = [...CLONE_STEPS, 'reset'] as const;
export type StepName = (typeof STEPS)[number];
