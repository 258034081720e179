import { execFile } from 'node:child_process';
import { realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { WpcloneError } from '../../shared/errors.ts';
import { findProgram } from './programs.ts';

const run = promisify(execFile);

/** What WordPress needs of PHP, and what keeps a clone's requests inside (curl). */
const EXTENSIONS = ['curl', 'json', 'mbstring', 'mysqli'] as const;
const VERSIONS = ['8.4', '8.3', '8.2', '8.1', '8.0', '7.4'] as const;
const OLDEST = 7.4;
const answerSchema = z.tuple([z.string(), z.array(z.string())]);

/** A PHP that can serve a clone. */
export interface Php {
  readonly program: string;
  /** Major and minor version. */
  readonly version: string;
}

/**
 * The PHP to serve a clone with: of those installed the one nearest to the source's version, which is only waited for when
 * there is a choice; or the very version that is asked for. Throws PHP_MISSING, also when PHP lacks an extension, and PHP_VERSION_MISSING.
 */
export async function choosePhp(
  wanted: Promise<string | undefined> | undefined,
  path: string,
  asked?: string,
): Promise<Php> {
  const installed = await installedPhp(path);
  const [first] = installed;
  if (first === undefined) throw new WpcloneError('PHP_MISSING', 'PHP (the php command) is not installed.');
  if (asked !== undefined) return exactly(asked, installed);
  const version = installed.length > 1 && wanted !== undefined ? await wanted : undefined;
  const program = version === undefined ? first : nearest(installed, version);
  return checkPhp(program.program);
}

/** The versions that there are, the one that is taken when nothing speaks for another first. Throws PHP_MISSING. */
export async function versionsOfPhp(path: string): Promise<readonly string[]> {
  const { version: usual } = await choosePhp(undefined, path);
  const versions = (await installedPhp(path)).map(({ version }) => version).filter((version) => version !== undefined);
  return [...new Set([usual, ...versions])];
}

interface Installed {
  readonly program: string;
  readonly version: string | undefined;
}

async function installedPhp(path: string): Promise<readonly Installed[]> {
  const names = ['php', ...VERSIONS.map((version) => `php${version}`)];
  const found = await Promise.all(names.map((name) => findProgram(name, path)));
  const programs = new Map<string, Installed>();
  for (const [index, program] of found.entries()) {
    if (program === undefined) continue;
    const real = await realpath(program);
    // `php` is mostly a link to one of the others: then its name tells the version.
    const version = /(\d+\.\d+)$/.exec(real)?.[1] ?? VERSIONS[index - 1];
    if (!programs.has(real)) programs.set(real, { program: real, version });
  }
  return [...programs.values()];
}

/** By what each says of itself: a name may promise another version. */
async function exactly(asked: string, installed: readonly Installed[]): Promise<Php> {
  const told = await Promise.all(
    installed.map(async ({ program }) => ({ program, version: await versionOf(program) })),
  );
  const found = told.find(({ version }) => version === asked);
  if (found !== undefined) return checkPhp(found.program);
  const versions = [...new Set(told.map(({ version }) => version))].filter((version) => version !== undefined);
  const has = versions.length === 0 ? 'no PHP that runs' : `PHP ${versions.toSorted().join(', ')}`;
  throw new WpcloneError('PHP_VERSION_MISSING', `This machine has ${has}, but no PHP ${asked}.`);
}

async function versionOf(program: string): Promise<string | undefined> {
  const code = 'echo PHP_MAJOR_VERSION.".".PHP_MINOR_VERSION;';
  return run(program, ['-n', '-r', code], { timeout: 20_000 }).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
}

function nearest(installed: readonly Installed[], wanted: string): Installed {
  const distance = ({ version }: Installed): number =>
    version === undefined ? Infinity : Math.abs(minorNumber(version) - minorNumber(wanted));
  return installed.toSorted((a, b) => distance(a) - distance(b))[0] ?? { program: 'php', version: undefined };
}

/** 7.4 → 74, 8.2 → 82: between the last 7 and 8.0 lie more differences than between two of the same major. */
function minorNumber(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major * 10 + minor;
}

async function checkPhp(program: string): Promise<Php> {
  const code = 'echo json_encode([PHP_MAJOR_VERSION.".".PHP_MINOR_VERSION, get_loaded_extensions()]);';
  const { stdout } = await run(program, ['-d', 'display_errors=0', '-r', code], { timeout: 20_000 }).catch(
    (error: unknown) => {
      throw new WpcloneError('PHP_MISSING', `${program} does not run.`, { cause: error });
    },
  );
  const [version, loaded] = answerSchema.parse(JSON.parse(stdout));
  const names = new Set(loaded.map((name) => name.toLowerCase()));
  const missing = EXTENSIONS.filter((name) => !names.has(name));
  if (missing.length > 0) {
    throw new WpcloneError('PHP_MISSING', `PHP ${version} lacks ${missing.join(', ')}.`, {
      details: { extensions: missing.join(' ') },
    });
  }
  if (Number.parseFloat(version) < OLDEST) {
    throw new WpcloneError('PHP_MISSING', `PHP ${version} is too old; wpclone needs at least ${OLDEST}.`);
  }
  return { program, version };
}
