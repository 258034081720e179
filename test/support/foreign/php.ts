import { asWebUser } from '../servers.ts';
import { foreignRoot, inRoot, type Suite } from './root.ts';

const EXTENSIONS = ['mysql', 'gd', 'curl', 'xml', 'mbstring', 'zip', 'intl'];

/** PHP versions that Debian's releases have, and this machine's has not. */
export const FOREIGN_PHP: Readonly<Record<'7.4' | '8.4', Suite>> = { '7.4': 'bullseye', '8.4': 'trixie' };

/** How the programs of another PHP are started, as the web server's user. */
export interface ForeignPhp {
  readonly version: string;
  readonly fpm: readonly string[];
  readonly cli: readonly string[];
}

/** The PHP of another release of Debian, in a root of its own. */
export async function foreignPhp(version: keyof typeof FOREIGN_PHP): Promise<ForeignPhp> {
  const packages = ['fpm', 'cli', ...EXTENSIONS].map((name) => `php${version}-${name}`);
  const root = await foreignRoot(FOREIGN_PHP[version], ['util-linux', ...packages]);
  return {
    version,
    fpm: inRoot(root, asWebUser([`php-fpm${version}`])),
    cli: inRoot(root, asWebUser([`php${version}`])),
  };
}
