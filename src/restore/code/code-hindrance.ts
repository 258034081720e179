import type { SiteInfo } from '../../site/info.ts';
import { codeFolders, codePath, isSafeCode } from './code-paths.ts';
import type { CodePlaces, Package } from './packages.ts';

/** What no restore replaces, whoever asks. */
const NEVER: Partial<Record<Package['kind'], string>> = {
  core: 'WordPress itself is never replaced: update it there',
  files: 'lies outside of plugins, themes and uploads',
};

export const neverWritten = ({ kind }: Package): string | undefined => NEVER[kind];

const CLOSED: Readonly<Record<string, string>> = {
  file_mods: 'the live site forbids changes of its code (DISALLOW_FILE_MODS)',
  gate: "the PHP of the live site may not write to WordPress's own folder, so that visitors could not be kept waiting meanwhile",
  cache: 'the PHP of the live site keeps compiled code that cannot be emptied out',
  elsewhere: 'the folder lies outside of the live site',
  read_only: 'the PHP of the live site may not write to the folder',
  other_disk: 'the folder is on another disk than the uploads of the live site',
};

/** Why a package cannot be written to this live site, though nothing is wrong with it; undefined: it can. */
export function codeHindrance(
  { folder }: Package,
  files: readonly { readonly place: string }[],
  { writes, places }: { readonly writes: SiteInfo['writes']; readonly places: CodePlaces },
): string | undefined {
  if (writes?.code === undefined) return 'the wpclone plugin of the live site is too old for that';
  const path = codePath(folder, places);
  const word =
    path?.split(':')[0] ?? Object.entries(codeFolders(places)).find(([, each]) => each === folder)?.[0] ?? '';
  const closed = writes.code.closed[word];
  if (closed !== undefined) return CLOSED[closed] ?? `the live site lets no code be written there (${closed})`;
  if (path !== undefined && writes.code.stuck.includes(Buffer.from(path, 'utf8').toString('base64')))
    return 'on the live site it is a link, or its PHP may not write to it';
  const odd = files.find((file) => !isSafeCode(codePath(file.place, places)?.replace(/^[a-z-]+:/, '') ?? ''));
  return odd && `a file of that name is never written: ${odd.place}`;
}
