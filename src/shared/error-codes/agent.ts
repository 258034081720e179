import { define } from './define.ts';

/** Calling an agent. */
export const AGENT_ERRORS = define({
  UNAUTHORIZED: {
    exit: 4,
    http: 401,
    next: [
      'Give a token of this agent (WPCLONE_AGENT_TOKEN or a file); its operator makes one: wpclone agent token create.',
    ],
  },
  SCOPE_MISSING: { exit: 4, http: 403, next: ['Use a token with the scope {scope}.'] },
  TOKEN_NOT_FOUND: { exit: 5, http: 404, next: ['See what there is with wpclone agent token list.'] },
});
