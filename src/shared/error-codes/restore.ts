import { define } from './define.ts';

/** Writing to a live site. */
export const RESTORE_ERRORS = define({
  DRIFT: {
    exit: 5,
    http: 409,
    next: ['Nothing was written. Make the plan anew, look at what changed, then apply that one.'],
  },
  PROTECTED: {
    exit: 5,
    http: 409,
    next: ['Nothing was written. Name what is wanted in spite of that with --include {class}.'],
  },
  DOES_NOT_FIT: {
    exit: 5,
    http: 409,
    next: ['Nothing was written. The live table is narrower than the clone’s: leave that item out with --skip.'],
  },
  RESTORE_IMPOSSIBLE: {
    exit: 1,
    http: 422,
    next: ['Nothing was written. Give the live site what it lacks (the message names it), then try again.'],
  },
  TOO_MUCH_DIFFERS: {
    exit: 1,
    http: 422,
    next: [
      'Nothing was written. Take back in the clone what changed so many rows of {table} (wpclone reset takes back everything). Where the live site changed them, clone it anew, or bring that table there by other means.',
    ],
  },
  RESTORE_UNDER_WAY: {
    exit: 5,
    http: 409,
    next: ['Wait until the other restore is done; one that was abandoned is in nobody’s way after half an hour.'],
  },
  RESTORE_CONFLICTS: {
    exit: 5,
    http: 409,
    next: [
      'Nothing was written. Decide for one side with --take live or --take clone, or one by one in a plan: --dry-run --out plan.json, fill in "take", --apply plan.json.',
    ],
  },
  PLAN_OUTDATED: {
    exit: 5,
    http: 409,
    next: ['Nothing was written. Make the plan anew with --dry-run --out FILE, look at it, then apply that one.'],
  },
  FILES_STAY: {
    exit: 5,
    http: 409,
    next: ['Nothing was written. Leave what belongs to those files out with --skip, such as --skip {example}.'],
  },
  GATE_BARRED: {
    exit: 5,
    http: 409,
    next: [
      'Nothing was written. Leave code out with --skip code (undo what is no code with --only), or have that rule of the web server taken out for the time of the restore and of undoing it.',
    ],
  },
  RESTORE_BROKE: {
    exit: 1,
    http: 502,
    next: ['Look at the PHP error log of the live site; try the change in a fresh clone first.'],
  },
  PICTURES_FAILED: {
    exit: 1,
    http: 500,
    next: ['The live site was only read. Leave --pictures out, or name a folder that can be written to.'],
  },
  RESTORE_GONE: {
    exit: 5,
    http: 404,
    next: ['See what can be undone with wpclone restore list.'],
  },
});
