/**
 * Which files of code may go to a live site, and how they are called on the way there. The site refuses all others by itself: the
 * migrator's write/code-paths.php has the same rules, and a test compares them.
 */
import { isWithin } from '../../transfer/files/places.ts';
import type { CodePlaces } from './packages.ts';

/** What is hidden, tells a server what to do, holds settings, is read otherwise by another file system, or is our own. */
export const UNSAFE_CODE_NAME =
  /^$|^\.|[\x00-\x1f\x7f\\:]|[. ]$|^web\.config$|^php\.ini$|^#*wp-config[^a-z]|^wpclone-/i; // oxlint-disable-line no-control-regex

const LONGEST_CODE_PATH = 688;

/** Folders of code, by the word that paths begin with. */
export const codeFolders = ({ plugins, muPlugins, content }: CodePlaces): Readonly<Record<string, string>> => ({
  'mu-plugins': muPlugins,
  plugins,
  themes: `${content}/themes`,
  languages: `${content}/languages`,
});

/** A file of code as the site takes it: the word for its folder, a colon, and its path below that. Undefined for what is no code. */
export function codePath(place: string, places: CodePlaces): string | undefined {
  const found = Object.entries(codeFolders(places)).find(([, folder]) => isWithin(place, folder) && place !== folder);
  return found && `${found[0]}:${place.slice(found[1].length + 1)}`;
}

/** Whether a path of a restore is one of code: the uploads hold no such word and colon. */
export const isCodePath = (path: string): boolean => /^(plugins|mu-plugins|themes|languages):/.test(path);

/** Whether a path below a folder of code may be written. */
export const isSafeCode = (path: string): boolean =>
  Buffer.byteLength(path) <= LONGEST_CODE_PATH && path.split('/').every((name) => !UNSAFE_CODE_NAME.test(name));
