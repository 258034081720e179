import { define } from './define.ts';

/** Reaching the source. */
export const SOURCE_ERRORS = define({
  UNREACHABLE: {
    exit: 1,
    http: 502,
    next: ['Check the address and that the site answers in a browser from this machine.'],
  },
  PRIVATE_ADDRESS: {
    exit: 4,
    http: 422,
    next: [
      'Clone it from a machine in that network, or have the operator of the agent allow it (wpclone agent --private-source).',
    ],
  },
  TLS_FAILED: {
    exit: 1,
    http: 502,
    next: [
      'Repair the certificate of {certificateOf}, or add --insecure to go on without checking it.',
      'Give the address that a browser opens the log-in page at. Where {plainHost} speaks http only but sends people to https (its home, siteurl or FORCE_SSL_ADMIN say so), put that right at the site.',
    ],
  },
  REDIRECTED_ELSEWHERE: {
    exit: 1,
    http: 502,
    next: [
      'If that is the right site, clone {target} instead.',
      'If the site has its log-in there, say so: --login-url {loginUrl}',
    ],
  },
  NOT_WORDPRESS: {
    exit: 1,
    http: 422,
    next: ['Give the address of the WordPress front page, including its folder if it has one.'],
  },
  HTTP_AUTH_REQUIRED: {
    exit: 4,
    http: 401,
    next: [
      'Give its user name with --http-auth USER; the password comes from --http-auth-password-file FILE, WPCLONE_HTTP_AUTH_PASSWORD or a prompt.',
    ],
  },
  SOURCE_BLOCKED: {
    exit: 1,
    http: 502,
    next: [
      'A firewall in front of the site refused the request; allow this machine in it and try again.',
      'Where it only wants to see a browser, Chromium gets in: wpclone doctor tells whether it is here.',
    ],
  },
  RATE_LIMITED: { exit: 1, http: 503, next: ['The site limits requests; wait a few minutes and try again.'] },
  SOURCE_IN_MAINTENANCE: {
    exit: 1,
    http: 503,
    next: [
      'An update of the site is under way, or was cut off: wait ten minutes, then try again.',
      'If it stays closed, delete the file .maintenance in the folder of WordPress.',
    ],
  },
  SOURCE_DATABASE_DOWN: {
    exit: 1,
    http: 502,
    next: ['Start the database of the source, or correct its access in wp-config.php, then try again.'],
  },
  SOURCE_FAILED: { exit: 1, http: 502, next: ['Look at the PHP error log of the source site, then try again.'] },
  SOURCE_CHANGED: { exit: 1, http: 409, next: ['Try again; if it happens each time, exclude what keeps changing.'] },
});
