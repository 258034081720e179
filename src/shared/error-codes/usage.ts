import { define } from './define.ts';

/** What was asked for. */
export const USAGE_ERRORS = define({
  BAD_INPUT: { exit: 2, http: 400, next: ['Run the command with --help to see what it takes.'] },
  BAD_URL: {
    exit: 2,
    http: 400,
    next: ['Give the address of the site as in a browser, for example https://mysite.example.'],
  },
  BAD_TTL: { exit: 2, http: 400, next: ['Give a time such as 30m, 2h or 7d; from 1 minute to 30 days.'] },
  OUTPUT_FAILED: { exit: 1, http: 500, next: ['The work is done (wpclone list); free space where the output goes.'] },
  BAD_CONFIG: { exit: 2, http: 400, next: ['Correct the named file or variable and try again.'] },
  PASSWORD_MISSING: {
    exit: 2,
    http: 400,
    next: ['Pass the password with --password-file FILE (- for standard input) or in WPCLONE_SOURCE_PASSWORD.'],
  },
  HTTP_AUTH_PASSWORD_MISSING: {
    exit: 2,
    http: 400,
    next: ['Pass it with --http-auth-password-file FILE (- for standard input) or in WPCLONE_HTTP_AUTH_PASSWORD.'],
  },
  COMMAND_NOT_FOUND: { exit: 127, http: 400, next: [] },
  COMMAND_NOT_EXECUTABLE: { exit: 126, http: 400, next: [] },
  CONFIRMATION_MISSING: { exit: 3, http: 409, next: ['Add {flag} to do it without a question.'] },
  DECLINED: { exit: 3, http: 409, next: [] },
});
