import { lstat, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../shared/system.ts';
import type { Warning } from '../shared/events.ts';
import type { SiteInfo } from '../site/info.ts';
import { isWithin, placeOf } from '../transfer/files/places.ts';
import { planMapping } from '../transfer/rewrite/plan.ts';
import { isLeftBehind, isOwnConstant } from './constant-names.ts';
import { isCarriedVariable } from './constants.ts';
import { inWww } from './places.ts';
import type { InstancePaths } from './types.ts';

/**
 * What the source's wp-config.php loads besides WordPress. Composer's autoloaders come along, in a folder of the document root that
 * no web server serves (a dot in front); other files hold settings and passwords and stay.
 */
const ABOVE = /^\.wpclone-above\/[^/]+$/;

/** Names in an instance's folder that are taken. */
const TAKEN = new Set(['www', 'mail', 'baseline', 'run', 'set-aside', 'elsewhere']);

/** The autoloaders that were copied, as paths in the clone. */
export const autoloaderFiles = (www: string, info: SiteInfo): readonly string[] =>
  info.configuration.autoloaders
    .map((file) => placeOf(info, file))
    .filter((place) => place !== undefined)
    .map((place) => inWww(www, place));

/**
 * A folder that lies beside the document root at the source is found beside it here too, by code that goes up from its own place.
 */
export async function linkBesideDocumentRoot(paths: InstancePaths, info: SiteInfo): Promise<void> {
  const root = info.roots.find(({ place }) => place === '');
  const above = info.roots.filter(
    ({ path, place }) => ABOVE.test(place) && root !== undefined && dirname(path) === dirname(root.path),
  );
  for (const { place } of above) {
    const name = place.split('/')[1] ?? '';
    const link = join(paths.folder, name);
    if (TAKEN.has(name) || (await isThere(link))) continue;
    await symlink(join('www', place), link);
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** What of it the clone does without, in plain words. */
export function leftOutOfConfiguration(info: SiteInfo): readonly Warning[] {
  const { autoloaders, others, prepended, code, variables, keptBack } = info.configuration;
  const missing = [...autoloaders.filter((file) => placeOf(info, file) === undefined), ...others];
  const dropped = Object.keys(variables).filter((name) => !isCarriedVariable(name) && name !== 'table_prefix');
  const own = [...code, ...[...dropped, ...keptBack].map((name) => `$${name}`)];
  const outside = constantsOutside(info);
  const warnings: Warning[] = [];
  const warn = (kind: Warning['code'], told: boolean, message: string): void => {
    if (told) warnings.push({ code: kind, message });
  };
  warn(
    'CONFIG_FILES_LEFT_OUT',
    missing.length > 0,
    `wp-config.php of the source also loads ${listed(missing)}. The clone does not: such files hold passwords. ` +
      'The constants they define were carried over, but for secrets (--define NAME=VALUE gives one); functions and classes were not.',
  );
  warn(
    'CONFIG_CODE_LEFT_OUT',
    own.length > 0,
    `wp-config.php of the source itself makes ${listed(own)}. The clone, which has a wp-config.php of its own, does not: code that needs them fails in it.`,
  );
  warn(
    'OUTSIDE_LEFT_OUT',
    outside.length > 0,
    `Constants of the source lead to what lies outside of its folders: ${listed(outside)}. That was not copied; in the clone nothing is there.`,
  );
  warn(
    'PREPENDED_FILE_LEFT_OUT',
    prepended !== '',
    `The source's host runs ${shown(prepended)} before every page (auto_prepend_file); the clone does not.`,
  );
  return warnings;
}

/** The machine's own, and what a folder for files of a moment is called. */
const OF_THE_MACHINE = /^\/(?:bin|dev|etc|lib|lib64|proc|run|sbin|sys|tmp|usr|var\/(?:tmp|run|cache))(?:\/|$)/;

/** Constants that hold the path of something at the source that was not copied, such as a folder for what is sold; each with its path. */
function constantsOutside(info: SiteInfo): readonly string[] {
  const copied = planMapping(info, info.home, '/').paths.map(({ from }) => from);
  return info.configuration.paths.flatMap((name) => {
    const value = info.constants[name];
    if (typeof value !== 'string' || OF_THE_MACHINE.test(value) || isOwnConstant(name) || isLeftBehind(name)) return [];
    const path = value.replace(/(?<=.)\/+$/, '');
    const around = info.roots.some((root) => root.path.startsWith(`${path}/`));
    return around || path.includes('/../') || copied.some((folder) => isWithin(path, folder))
      ? []
      : [`${name} (${path})`];
  });
}

const SHOWN = 5;

function listed(files: readonly string[]): string {
  const more = files.length > SHOWN ? ` and ${files.length - SHOWN} more` : '';
  return files.slice(0, SHOWN).map(shown).join(', ') + more;
}

/** A name from the site: without control characters, and not endless. */
const shown = (file: string): string => JSON.stringify(file.slice(0, 200)).slice(1, -1);
