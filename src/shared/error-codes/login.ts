import { define } from './define.ts';

/** Logging in to the source, and our plugin there. */
export const LOGIN_ERRORS = define({
  LOGIN_FAILED: { exit: 4, http: 401, next: ['Check the user name and the password by logging in with a browser.'] },
  COOKIES_BLOCKED: {
    exit: 4,
    http: 422,
    next: [
      'Log in with a private window of a browser: the site refuses that too, whatever the name and the password are.',
      'Where PHP shows notices, or a file of the site prints something before the page (a blank line or byte order mark of wp-config.php, functions.php or a plugin), mend that: WP_DEBUG_DISPLAY false hides notices.',
      'Where a cache or proxy takes cookies out of answers, have it leave wp-login.php alone.',
    ],
  },
  LOGIN_NEEDED: {
    exit: 4,
    http: 422,
    next: [
      'Do it again with a log-in: wpclone jobs retry {job} --username NAME; over HTTP, POST /api/v2/jobs/{job}/retry with source_username and source_password.',
    ],
  },
  NOT_ADMINISTRATOR: { exit: 4, http: 403, next: ['Use an administrator of the site: only they may install plugins.'] },
  SECOND_FACTOR: {
    exit: 4,
    http: 401,
    next: ['Use an administrator without a second factor, or switch it off for as long as the clone takes.'],
  },
  CAPTCHA: {
    exit: 4,
    http: 401,
    next: ['Only a person can solve it: switch the captcha off on the log-in page for as long as the clone takes.'],
  },
  LOGIN_PAGE_NOT_FOUND: {
    exit: 4,
    http: 422,
    next: [
      'Where {closed} is open to certain addresses only, let the address of this machine in.',
      'wpclone gives a password to no other host than the site’s own. Where WordPress still has a form of its own beside that of {elsewhere}, give its address with --login-url; else switch the redirect off for as long as the clone takes.',
      'Give the address of the log-in page with --login-url.',
    ],
  },
  PLUGIN_UPLOAD_FORBIDDEN: {
    exit: 1,
    http: 403,
    next: [
      'Allow plugin installation for the time being (DISALLOW_FILE_MODS, folder permissions).',
      'Or copy {folder} to wp-content/plugins/wpclone-migrator of the site, activate it there, and try again.',
      'Or copy {inPackage} of the npm package wpclone to wp-content/plugins/wpclone-migrator of the site, activate it there, and try again.',
    ],
  },
  PLUGIN_INSTALL_FAILED: {
    exit: 1,
    http: 502,
    next: [
      'Add {plugin} to the plugins that the security plugin or the host of the site lets run, for as long as the clone takes.',
      'See that PHP of the site takes uploads of {kilobytes} kB (post_max_size, upload_max_filesize, file_uploads).',
      'Look at the Plugins page of the site and at its PHP error log, then try again.',
      'Where the upload fails, copy {folder} to wp-content/plugins/wpclone-migrator of the site, activate it there, and try again.',
      'Where the upload fails, copy {inPackage} of the npm package wpclone to wp-content/plugins/wpclone-migrator of the site, activate it there, and try again.',
    ],
  },
  DATABASE_UPGRADE_PENDING: {
    exit: 1,
    http: 409,
    next: ['Open wp-admin of the source with a browser and press Update, then try again.'],
  },
  SETUP_PENDING: {
    exit: 1,
    http: 409,
    next: ['Log in with a browser as the same user, answer what {address} asks, then try again.'],
  },
  PLUGIN_TOO_NEW: { exit: 1, http: 409, next: ['Update wpclone on this machine, then try again.'] },
  PLUGIN_TOO_OLD: {
    exit: 1,
    http: 409,
    next: [
      'Copy {folder} over wp-content/plugins/wpclone-migrator of the site, then try again.',
      'Copy {inPackage} of the npm package wpclone over wp-content/plugins/wpclone-migrator of the site, then try again.',
    ],
  },
  MIGRATOR_MISSING: {
    exit: 1,
    http: 502,
    next: [
      'Have the cache of {cached} keep no answers to POST requests, then try again.',
      'Run the command again: it installs the plugin anew.',
    ],
  },
  SIGNATURE_REFUSED: {
    exit: 4,
    http: 401,
    next: ['The key of an earlier run is no longer good: log in again by giving --username.'],
  },
  CLOCK_SKEW: {
    exit: 1,
    http: 502,
    next: ['The clocks of this machine and of the site differ by {seconds} s; correct the wrong one.'],
  },
  BROWSER_MISSING: { exit: 1, http: 500, next: ['Install Chromium: wpclone doctor --fix.'] },
});
