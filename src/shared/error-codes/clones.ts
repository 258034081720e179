import { define } from './define.ts';

/** Clones. */
export const CLONES_ERRORS = define({
  NAME_TAKEN: {
    exit: 5,
    http: 409,
    next: [
      'Choose another --name.',
      'If the clone is yours, add --replace or delete it: wpclone delete {name}.',
      'Or wait for the end of the job (wpclone jobs watch {job}) or cancel it: wpclone jobs cancel {job}.',
    ],
  },
  REPLACE_UNSUPPORTED: {
    exit: 5,
    http: 409,
    next: ['Delete the clone first (wpclone delete {name}), or choose another name.'],
  },
  NOT_FOUND: { exit: 5, http: 404, next: ['See what there is with wpclone list.'] },
  CLONE_GONE: { exit: 5, http: 410, next: ['Take it off the list with wpclone delete {name}.'] },
  NOT_READY: {
    exit: 5,
    http: 409,
    next: [
      'See its state with wpclone show {name}.',
      'On this machine, wpclone reset {name} completes a reset that was cut off.',
    ],
  },
  NOT_THE_SOURCE: {
    exit: 5,
    http: 409,
    next: ['Leave --to out, or name another address of {source}: a clone goes back to the site that it was made of.'],
  },
  EXPIRED: { exit: 5, http: 410, next: ['Make a new clone.'] },
  LEASE_LOST: { exit: 5, http: 409, next: ['Another job has taken it over; see its state with wpclone show {name}.'] },
  CONFLICT: { exit: 5, http: 409, next: ['Try again; somebody else changed it at the same time.'] },
});
