import { AGENT_ERRORS } from './error-codes/agent.ts';
import { CLONES_ERRORS } from './error-codes/clones.ts';
import { CLUSTER_ERRORS } from './error-codes/cluster.ts';
import { CONTENT_ERRORS } from './error-codes/content.ts';
import { define } from './error-codes/define.ts';
import { JOBS_ERRORS } from './error-codes/jobs.ts';
import { LOGIN_ERRORS } from './error-codes/login.ts';
import { MACHINE_ERRORS } from './error-codes/machine.ts';
import { RESTORE_ERRORS } from './error-codes/restore.ts';
import { SOURCE_ERRORS } from './error-codes/source.ts';
import { USAGE_ERRORS } from './error-codes/usage.ts';

/** The one table of error codes. A code is stable: scripts match on it. */
export const ERRORS = define({
  ...USAGE_ERRORS,
  ...SOURCE_ERRORS,
  ...LOGIN_ERRORS,
  ...CONTENT_ERRORS,
  ...MACHINE_ERRORS,
  ...CLONES_ERRORS,
  ...CLUSTER_ERRORS,
  ...RESTORE_ERRORS,
  ...JOBS_ERRORS,
  ...AGENT_ERRORS,
  CANCELLED: { exit: 130, http: 499, next: [] },
  INTERNAL: {
    exit: 1,
    http: 500,
    next: ['This is a bug in wpclone: run the command again with --debug and report what it prints.'],
  },
});

export type ErrorCode = keyof typeof ERRORS;
