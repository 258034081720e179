import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asWebUser } from '../servers.ts';
import { makeTemp } from '../temp.ts';
import { foreignRoot, inRoot, type Suite } from './root.ts';

const EXTENSIONS = ['mysql', 'gd', 'curl', 'xml', 'mbstring', 'zip', 'intl'];

/** PHP versions that Debian's releases have, and this machine's has not. */
export const FOREIGN_PHP: Readonly<Record<'7.4' | '8.4', Suite>> = { '7.4': 'bullseye', '8.4': 'trixie' };

/** How the programs of another PHP are started, as the web server's user. */
export interface ForeignPhp {
  readonly version: string;
  readonly fpm: readonly string[];
  readonly cli: readonly string[];
  /** A folder for PATH with this PHP's command as one of this machine, such as `php7.4`; run as whoever calls it. */
  readonly folder: string;
}

/** The PHP of another release of Debian, in a root of its own. */
export async function foreignPhp(version: keyof typeof FOREIGN_PHP): Promise<ForeignPhp> {
  const packages = ['fpm', 'cli', ...EXTENSIONS].map((name) => `php${version}-${name}`);
  const root = await foreignRoot(FOREIGN_PHP[version], ['util-linux', ...packages]);
  return {
    version,
    fpm: inRoot(root, asWebUser([`php-fpm${version}`])),
    cli: inRoot(root, asWebUser([`php${version}`])),
    folder: commandIn(root, `php${version}`),
  };
}

function commandIn(root: string, name: string): string {
  const folder = makeTemp('php');
  // By its path: the root sees this folder too, which may be on PATH.
  const words = inRoot(root, [join('/usr/bin', name)]).map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  writeFileSync(join(folder, name), `#!/bin/sh\nPATH=$PATH:/usr/sbin:/sbin\nexec ${words.join(' ')} "$@"\n`, {
    mode: 0o755,
  });
  return folder;
}
