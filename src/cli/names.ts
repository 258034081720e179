import { WpcloneError } from '../shared/errors.ts';

const LONGEST = 40;
/** What follows `wpclone restore` in the place of a name. */
const WORDS = new Set(['list', 'show', 'undo', 'accept']);

/** A clone's name is part of host names and of Kubernetes objects: a DNS label (RFC 1123 section 2.1) of at most 40 characters. Throws BAD_INPUT. */
export function checkName(name: string): string {
  if (WORDS.has(name))
    throw new WpcloneError('BAD_INPUT', `"${name}" cannot be a clone's name: it is a word of wpclone restore.`);
  if (name.length <= LONGEST && /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(name)) return name;
  throw new WpcloneError(
    'BAD_INPUT',
    `"${name}" cannot be a clone's name: it takes up to ${LONGEST} lower-case letters, digits and hyphens, starts with a letter and ends with no hyphen.`,
  );
}
