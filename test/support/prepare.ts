/**
 * Before the tests: installs what they need where that is possible (root on Debian or Ubuntu), else says what is missing.
 * The tests need all that clones and the demonstration need, and a few programs of their own.
 */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { examine } from '../../src/operations/doctor/checks.ts';
import { installCommand, packagesFor } from '../../src/operations/doctor/packages.ts';
import { canInstall, installPackages, missingParts } from '../../src/operations/doctor/repair.ts';
import { wpcloneHome } from '../../src/cli/config/load.ts';
import { findProgram } from '../../src/runtime/local/programs.ts';

/** Programs (or files) that only tests use, with the Debian packages that bring them. */
const TEST_PARTS: readonly (readonly [string, string])[] = [
  ['mariadb', 'mariadb-client'],
  ['nginx', 'nginx'],
  ['openssl', 'openssl'],
  ['setpriv', 'util-linux'],
  ['script', 'bsdutils'],
  ['tmux', 'tmux'],
  ['php-fpm', 'php-fpm'],
  ['/usr/share/wordpress/wp-content/themes/twentytwentyone', 'wordpress-theme-twentytwentyone'],
];

/** Only for `npm run test:matrix`. */
const MATRIX_PARTS: readonly (readonly [string, string])[] = [
  ['debootstrap', 'debootstrap'],
  ['/usr/lib/apache2/modules/mod_security2.so', 'libapache2-mod-security2'],
  ['/usr/share/modsecurity-crs/rules', 'modsecurity-crs'],
];

async function missingPackages(signal: AbortSignal): Promise<string[]> {
  const machine = { home: wpcloneHome(process.env), environment: process.env, signal };
  const checks = [...(await examine(machine, 'clone')), ...(await examine(machine, 'demo'))];
  const packages = packagesFor(missingParts(checks), 'apt');
  const parts = process.argv.includes('matrix') ? [...TEST_PARTS, ...MATRIX_PARTS] : TEST_PARTS;
  for (const [name, debian] of parts) if (!(await isThere(name))) packages.push(debian);
  return [...new Set(packages)];
}

async function isThere(name: string): Promise<boolean> {
  if (name === 'php-fpm') return (await fpm()) !== undefined;
  if (!name.startsWith('/')) return (await findProgram(name, process.env['PATH'] ?? '')) !== undefined;
  return access(name, constants.F_OK).then(
    () => true,
    () => false,
  );
}

async function fpm(): Promise<string | undefined> {
  for (const version of ['', '8.4', '8.3', '8.2', '8.1', '8.0', '7.4']) {
    const found = await findProgram(`php-fpm${version}`, process.env['PATH'] ?? '');
    if (found !== undefined) return found;
  }
  return undefined;
}

const { signal } = new AbortController();
const packages = await missingPackages(signal);
if (packages.length > 0) {
  if (await canInstall()) await installPackages(packages, signal);
  else {
    const command = installCommand(packages, 'apt', process.getuid?.() === 0);
    console.error(`The tests need programs that are missing. On Debian or Ubuntu:\n  ${command}`);
    process.exitCode = 1;
  }
}
