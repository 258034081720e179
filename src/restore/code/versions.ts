import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { filesFolder, packPath, type FileRecord } from '../../transfer/baseline/files.ts';
import { packageOf, type CodePlaces, type Package } from './packages.ts';

const HEAD_BYTES = 8192;

/** The version that the head of a file tells. */
export function versionIn(kind: Package['kind'], head: string): string | null {
  const pattern =
    kind === 'core'
      ? /\$wp_version\s*=\s*['"]([^'"]{1,40})['"]/
      : /^(?:[ \t]*<\?php)?[ \t/*#@]*Version:[ \t]*([^\r\n*]{1,40})/im;
  return pattern.exec(head)?.[1]?.trim() ?? null;
}

const VERSIONED: ReadonlySet<Package['kind']> = new Set(['plugin', 'theme', 'mu-plugin']);

/** Whether a file may tell the version of its package in its first bytes: nobody holds those of thousands that tell nothing. */
export function mayTellVersion(place: string, places: CodePlaces): boolean {
  const { kind, folder } = packageOf(place, places);
  return VERSIONED.has(kind) && (place === folder || place.lastIndexOf('/') === folder.length);
}

/** Where a package says what version it is, as it is in the clone. */
export async function versionPlace(www: string, { kind, folder }: Package): Promise<string | undefined> {
  if (kind === 'theme') return `${folder}/style.css`;
  if (kind === 'core') return folder === '' ? 'wp-includes/version.php' : `${folder}/wp-includes/version.php`;
  if (kind !== 'plugin' && kind !== 'mu-plugin') return undefined;
  if (folder.endsWith('.php')) return folder;
  const names = await readdir(join(www, folder)).catch(() => []);
  for (const name of names.filter((each) => each.endsWith('.php'))) {
    const head = await headOf(join(www, folder, name));
    if (/^(?:[ \t]*<\?php)?[ \t/*#@]*Plugin Name:/im.test(head)) return `${folder}/${name}`;
  }
  return undefined;
}

/** The first bytes of a file; empty when there is none. */
export async function headOf(path: string, offset = 0, size = HEAD_BYTES): Promise<string> {
  const handle = await open(path).catch(() => undefined);
  if (handle === undefined) return '';
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, HEAD_BYTES)), { position: offset });
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The first bytes of a file as the clone was made with it. */
export const baseHead = (baseline: string, { body }: FileRecord): Promise<string> =>
  headOf(packPath(filesFolder(baseline), body.pack), body.offset, body.size);

/** Below 0: the first is older. Numbers are compared as numbers, all else as text. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [one, other].map((version) => version.split(/[.\-+_]/));
  for (let at = 0; at < Math.max(a?.length ?? 0, b?.length ?? 0); at += 1) {
    const [x = '0', y = '0'] = [a?.[at], b?.[at]];
    const numbers = /^\d+$/.test(x) && /^\d+$/.test(y);
    const sign = numbers ? Number(x) - Number(y) : x.localeCompare(y);
    if (sign !== 0) return sign;
  }
  return 0;
}
