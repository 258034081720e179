import { execa } from 'execa';
import { readFile } from 'node:fs/promises';

/** What can be missing, by the name under which `doctor` reports it. */
export type Part = 'mariadb' | 'php' | 'chromium' | 'wordpress';
export type Manager = 'apt' | 'dnf' | 'pacman' | 'brew';

const APT_PHP = ['cli', 'mysql', 'curl', 'gd', 'intl', 'mbstring', 'xml', 'zip'].map((name) => `php-${name}`);

const PACKAGES: Record<Manager, Record<Part, readonly string[]>> = {
  apt: {
    mariadb: ['mariadb-server-core', 'mariadb-client-core'],
    php: APT_PHP,
    chromium: ['chromium'],
    // Debian's WordPress wants a web server and PHP for it; without these it would bring Apache.
    wordpress: ['wordpress', 'wordpress-theme-twentytwentythree', 'nginx', 'php', 'php-fpm'],
  },
  dnf: {
    mariadb: ['mariadb-server'],
    php: ['php-cli', 'php-mysqlnd', 'php-gd', 'php-intl', 'php-mbstring', 'php-xml', 'php-pecl-zip'],
    chromium: ['chromium'],
    wordpress: ['wordpress'],
  },
  pacman: { mariadb: ['mariadb'], php: ['php', 'php-gd'], chromium: ['chromium'], wordpress: ['wordpress'] },
  brew: { mariadb: ['mariadb'], php: ['php'], chromium: ['--cask chromium'], wordpress: [] },
};

/** Releases of Ubuntu and Debian whose MariaDB packages carry the version in their names have only this common name. */
const APT_MARIADB_FALLBACK = ['mariadb-server'];

/** The package manager of this system; undefined when we know none. */
export async function detectManager(platform: NodeJS.Platform = process.platform): Promise<Manager | undefined> {
  if (platform === 'darwin') return 'brew';
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const like = [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)/gm)].flatMap((match) => (match[1] ?? '').split(' '));
  if (like.includes('debian') || like.includes('ubuntu')) return 'apt';
  if (like.includes('fedora') || like.includes('rhel')) return 'dnf';
  return like.includes('arch') ? 'pacman' : undefined;
}

/** The packages that bring these parts, by the names that this package manager has for them. */
export function packagesFor(parts: readonly Part[], manager: Manager): string[] {
  return parts.flatMap((part) => PACKAGES[manager][part]);
}

/** The command that a person types to install `packages`. */
export function installCommand(packages: readonly string[], manager: Manager, root: boolean): string {
  const sudo = root ? '' : 'sudo ';
  const list = packages.join(' ');
  switch (manager) {
    case 'apt':
      return `${sudo}apt-get update && ${sudo}apt-get install --no-install-recommends ${list}`;
    case 'dnf':
      return `${sudo}dnf install ${list}`;
    case 'pacman':
      return `${sudo}pacman -S --needed ${list}`;
    case 'brew':
      return `brew install ${list}`;
    default:
      return manager satisfies never;
  }
}

/** With what this release of Debian or Ubuntu calls them. The lists of packages must be there (`apt-get update`). */
export async function aptNames(packages: readonly string[], signal: AbortSignal): Promise<string[]> {
  const known = await execa('apt-cache', ['show', '--no-all-versions', 'mariadb-server-core'], {
    reject: false,
    cancelSignal: signal,
  });
  if (known.exitCode === 0) return [...packages];
  const others = packages.filter((name) => !name.startsWith('mariadb-'));
  return others.length === packages.length ? others : [...APT_MARIADB_FALLBACK, ...others];
}
