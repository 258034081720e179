import { WpcloneError } from '../shared/errors.ts';
import type { SiteInfo } from '../site/info.ts';

/** The oldest versions whose functions the migrator and the clone's must-use plugin rely on. */
const OLDEST_WORDPRESS = [5, 5];
const OLDEST_PHP = [7, 4];

/** Refuses, before a byte is moved, what cannot work. Throws MULTISITE, VERSION_TOO_OLD. */
export function refuseWhatCannotBeCloned(info: SiteInfo): void {
  if (info.multisite) throw new WpcloneError('MULTISITE', `${info.home} is a network of sites (multisite).`);
  if (isOlder(info.wordpressVersion, OLDEST_WORDPRESS)) {
    throw new WpcloneError('VERSION_TOO_OLD', `The site runs WordPress ${info.wordpressVersion}, which is too old.`);
  }
  if (isOlder(info.phpVersion, OLDEST_PHP)) {
    throw new WpcloneError('VERSION_TOO_OLD', `The site runs PHP ${info.phpVersion}, which is too old.`);
  }
}

function isOlder(version: string, least: readonly number[]): boolean {
  const parts = version.split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0);
  for (const [index, wanted] of least.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}
