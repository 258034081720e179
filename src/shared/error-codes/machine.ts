import { define } from './define.ts';

/** This machine. */
export const MACHINE_ERRORS = define({
  MARIADB_MISSING: { exit: 1, http: 500, next: ['Install it: wpclone doctor --fix.'] },
  PHP_MISSING: { exit: 1, http: 500, next: ['Install it: wpclone doctor --fix.'] },
  PHP_VERSION_MISSING: {
    exit: 1,
    http: 409,
    next: [
      'Leave --php out to take the nearest, or install that version with the extensions curl, mbstring and mysqli.',
    ],
  },
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
  STATE_FAILED: {
    exit: 1,
    http: 500,
    next: ['Check that {path} can be read and written, or name another folder with WPCLONE_HOME.'],
  },
  VERIFY_FAILED: {
    exit: 1,
    http: 500,
    next: [
      'Without {strict} the clone is kept, and what differs is a warning.',
      'If the message names a plugin, leave that out with --exclude-path and try again.',
    ],
  },
});
