import { define } from './define.ts';

/** What cannot be cloned, or was not. */
export const CONTENT_ERRORS = define({
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
    next: [
      'Free space where {path} lives, and try again.',
      'Delete clones that you no longer need; wpclone doctor says how much is free in its own folder.',
    ],
  },
});
