/**
 * The one table of error codes. A code is stable: scripts match on it.
 *
 * `exit` follows the exit codes in docs/ARCHITECTURE.md: 1 failed, 2 usage, 3 declined, 4 authentication, 5 not found or conflict,
 * 57 newer state; `http` is the status that the HTTP edge answers with. `next` says what the person can do; `{name}` in it is filled
 * in from the error's details.
 */
interface ErrorDefinition {
  readonly exit: number;
  readonly http: number;
  readonly next: readonly string[];
}

const define = <T extends Record<string, ErrorDefinition>>(table: T): T => table;

export const ERRORS = define({
  // usage
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
  CONFIRMATION_MISSING: { exit: 3, http: 409, next: ['Add --force to do it without a question.'] },
  DECLINED: { exit: 3, http: 409, next: [] },

  // reaching the source
  UNREACHABLE: {
    exit: 1,
    http: 502,
    next: ['Check the address and that the site answers in a browser from this machine.'],
  },
  TLS_FAILED: {
    exit: 1,
    http: 502,
    next: ['Repair the certificate of the site, or add --insecure to go on without checking it.'],
  },
  REDIRECTED_ELSEWHERE: { exit: 1, http: 502, next: ['If that is the right site, clone {target} instead.'] },
  NOT_WORDPRESS: {
    exit: 1,
    http: 422,
    next: ['Give the address of the WordPress front page, including its folder if it has one.'],
  },
  HTTP_AUTH_REQUIRED: {
    exit: 4,
    http: 401,
    next: ['The web server asks for its own password before WordPress does; lift that protection for this machine.'],
  },
  SOURCE_BLOCKED: {
    exit: 1,
    http: 502,
    next: ['A firewall in front of the site refused the request; allow this machine in it and try again.'],
  },
  RATE_LIMITED: { exit: 1, http: 503, next: ['The site limits requests; wait a few minutes and try again.'] },
  SOURCE_FAILED: { exit: 1, http: 502, next: ['Look at the PHP error log of the source site, then try again.'] },
  SOURCE_CHANGED: { exit: 1, http: 409, next: ['Try again; if it happens each time, exclude what keeps changing.'] },

  // logging in and the plugin
  LOGIN_FAILED: { exit: 4, http: 401, next: ['Check the user name and the password by logging in with a browser.'] },
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
  LOGIN_PAGE_NOT_FOUND: { exit: 4, http: 422, next: ['Give the address of the log-in page with --login-url.'] },
  PLUGIN_UPLOAD_FORBIDDEN: {
    exit: 1,
    http: 403,
    next: [
      'Allow plugin installation for the time being (DISALLOW_FILE_MODS, folder permissions).',
      'Or copy {folder} to wp-content/plugins/wpclone-migrator of the site, activate it there, and try again.',
    ],
  },
  PLUGIN_INSTALL_FAILED: {
    exit: 1,
    http: 502,
    next: ['Look at the Plugins page of the site and at its PHP error log, then try again.'],
  },
  MIGRATOR_MISSING: { exit: 1, http: 502, next: ['Run the command again: it installs the plugin anew.'] },
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

  // what cannot be cloned
  SOURCE_IS_CLONE: { exit: 1, http: 422, next: ['Clone the site that it is a copy of; wpclone list names it.'] },
  MULTISITE: { exit: 1, http: 422, next: ['Networks of sites are not supported yet; clone a single site.'] },
  VERSION_TOO_OLD: {
    exit: 1,
    http: 422,
    next: ['Update the site: wpclone needs at least WordPress 5.5 and PHP 7.4.'],
  },
  TABLE_FAILED: {
    exit: 1,
    http: 502,
    next: ['Leave the table out with --exclude-table {table}, or repair it at the source.'],
  },
  TABLE_WITHOUT_KEY: {
    exit: 1,
    http: 422,
    next: ['The host cuts requests before the table is read whole; leave it out with --exclude-table {table}.'],
  },
  ROW_TOO_LARGE: { exit: 1, http: 422, next: ['Leave the table out with --exclude-table {table}, or shrink the row.'] },
  COLLATION_UNKNOWN: {
    exit: 1,
    http: 422,
    next: ['Use a newer database server for clones, or change the collation at the source.'],
  },
  DATABASE_FEATURE_MISSING: { exit: 1, http: 422, next: ['Leave the table out with --exclude-table {table}.'] },
  FILE_UNREADABLE: {
    exit: 1,
    http: 502,
    next: ['Give the web server of the source the right to read it, or leave it out with --exclude-path.'],
  },
  DISK_FULL: {
    exit: 1,
    http: 507,
    next: ['Free space where {path} lives, delete clones you no longer need, and try again.'],
  },

  // this machine
  MARIADB_MISSING: { exit: 1, http: 500, next: ['Install it: wpclone doctor --fix.'] },
  PHP_MISSING: { exit: 1, http: 500, next: ['Install it: wpclone doctor --fix.'] },
  DATABASE_FAILED: { exit: 1, http: 500, next: ['Look at {log}.', 'Check the set-up with wpclone doctor.'] },
  SERVER_FAILED: { exit: 1, http: 500, next: ['Look at {log}.', 'Check the set-up with wpclone doctor.'] },
  INSTALL_FAILED: {
    exit: 1,
    http: 500,
    next: ['What the package manager said is above; wpclone doctor prints the command to run by hand.'],
  },
  DEMO_FAILED: {
    exit: 1,
    http: 500,
    next: [
      'Install what the demonstration needs: wpclone doctor --fix --for demo. Then wpclone demo --remove starts afresh.',
    ],
  },
  PORTS_EXHAUSTED: { exit: 1, http: 503, next: ['Delete clones you no longer need: wpclone list.'] },
  PORT_IN_USE: { exit: 1, http: 409, next: ['Stop the program that uses it (lsof -i :{port}), then try again.'] },
  BUSY: { exit: 5, http: 409, next: ['Wait for the other command to finish, then try again.'] },
  STATE_NEWER: { exit: 57, http: 500, next: ['Update wpclone: its state folder was written by a newer version.'] },
  STATE_FAILED: { exit: 1, http: 500, next: ['Check that {path} can be read and written.'] },
  VERIFY_FAILED: {
    exit: 1,
    http: 500,
    next: [
      'The message says which check failed. If it names a plugin, leave that out with --exclude-path and try again.',
    ],
  },

  // clones
  NAME_TAKEN: {
    exit: 5,
    http: 409,
    next: ['Choose another --name, or delete the clone if it is yours: wpclone delete {name}.'],
  },
  NOT_FOUND: { exit: 5, http: 404, next: ['See what there is with wpclone list.'] },
  NOT_READY: {
    exit: 5,
    http: 409,
    next: [
      'See its state with wpclone show {name}.',
      'On this machine, wpclone reset {name} completes a reset that was cut off.',
    ],
  },
  EXPIRED: { exit: 5, http: 410, next: ['Make a new clone.'] },
  CONFLICT: { exit: 5, http: 409, next: ['Try again; somebody else changed it at the same time.'] },

  // Kubernetes
  KUBECONFIG_INVALID: {
    exit: 2,
    http: 500,
    next: ['Check KUBECONFIG and --context; kubectl config get-contexts lists the contexts.'],
  },
  CLUSTER_UNREACHABLE: {
    exit: 1,
    http: 502,
    next: ['Check that kubectl get --raw /readyz answers with the same context.'],
  },
  CLUSTER_AUTH: { exit: 4, http: 401, next: ['Renew your log-in to the cluster, then try again.'] },
  CLUSTER_FORBIDDEN: {
    exit: 4,
    http: 403,
    next: ['Ask for the right named above, or run wpclone cluster check to see all that is missing.'],
  },
  NAMESPACE_MISSING: {
    exit: 5,
    http: 404,
    next: ['Create it with wpclone cluster init, or choose another with --namespace.'],
  },
  QUOTA_EXCEEDED: {
    exit: 1,
    http: 507,
    next: ['Delete clones you no longer need, or raise the quota of the namespace.'],
  },
  RULES_FORBID: {
    exit: 4,
    http: 403,
    next: [
      'Change resources in the kubernetes settings, or the LimitRange, quota or policy that is named above; wpclone cluster check tries it out.',
    ],
  },
  UNSCHEDULABLE: {
    exit: 1,
    http: 503,
    next: ['Free resources on the nodes, or add a node; the scheduler’s reason is in the message.'],
  },
  IMAGE_UNAVAILABLE: {
    exit: 1,
    http: 502,
    next: ['Check the image name and that the nodes may pull it; docs/KUBERNETES.md shows how to build it.'],
  },
  CONTAINER_CRASHED: { exit: 1, http: 500, next: ['Its last log lines are above; wpclone logs {name} shows more.'] },
  INSTANCE_LOST: { exit: 1, http: 502, next: ['The pod went away in the middle of the work; try again.'] },
  PROVISION_TIMED_OUT: {
    exit: 1,
    http: 504,
    next: ['See what the cluster is doing with wpclone cluster check, then try again.'],
  },
  CLUSTER_CONFLICT: { exit: 5, http: 409, next: ['Try again; somebody else changed it at the same time.'] },
  CLUSTER_FAILED: { exit: 1, http: 502, next: ['Try again; if it fails again, look at the events of the namespace.'] },

  CANCELLED: { exit: 130, http: 499, next: [] },
  INTERNAL: {
    exit: 1,
    http: 500,
    next: ['This is a bug in wpclone: run the command again with --debug and report what it prints.'],
  },
});

export type ErrorCode = keyof typeof ERRORS;
