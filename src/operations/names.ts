import type { WorkContext } from '../shared/context.ts';
import { cloneName } from '../engine/names.ts';
import { parseAddress } from '../site/connect/address.ts';

export { administratorName } from '../engine/administrator.ts';

/** So many letters by chance that nobody needs to look whether the name is taken: where a job must keep the one that it was given. */
const LETTERS = 5;

/** A name for a clone that is given none, chosen before it is begun. Throws BAD_URL. */
export const nameAhead = (sourceUrl: string, { randomBytes }: Pick<WorkContext, 'randomBytes'>): string =>
  cloneName(sourceUrl, randomBytes, LETTERS);

/** Whether something may be the address of a site. */
export function isSiteAddress(typed: string): boolean {
  try {
    return parseAddress(typed).length > 0;
  } catch {
    return false;
  }
}
