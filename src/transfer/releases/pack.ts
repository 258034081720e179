/**
 * WordPress as it was released, in a form that a transfer takes files out of: for each version a pack of all bodies, and a list of what is where.
 * Runs while an image is built, before there is any other code of ours: it imports none.
 */
import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A source is asked for no larger ones: it has to hold one whole to compare it. */
const LARGEST = 4 << 20;

/** A file of a release: path, offset in the pack, bytes, SHA-256 in hex. */
export type ReleasedFile = readonly [path: string, offset: number, size: number, sha256: string];

export const listPath = (releases: string, version: string): string => join(releases, `${version}.json`);
export const bodiesPath = (releases: string, version: string): string => join(releases, `${version}.pack`);

/** Packs each WordPress that a folder is, or that lies in a folder of it; says the versions. */
export async function packReleases(from: string, to: string): Promise<readonly string[]> {
  await mkdir(to, { recursive: true });
  const below = (await readdir(from, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const versions: string[] = [];
  for (const folder of [from, ...below.map(({ name }) => join(from, name))]) {
    const told = await readFile(join(folder, 'wp-includes/version.php'), 'utf8').catch(() => '');
    const version = /\$wp_version\s*=\s*'(\d[\w.-]*)'/.exec(told)?.[1];
    if (version === undefined) continue;
    await packRelease(folder, to, version);
    versions.push(version);
  }
  return versions;
}

async function packRelease(folder: string, to: string, version: string): Promise<void> {
  const list: ReleasedFile[] = [];
  const pack = await open(bodiesPath(to, version), 'w');
  try {
    let offset = 0;
    for (const path of await filesOf(folder)) {
      const body = await readFile(join(folder, path));
      // The configuration is not released; a source never sends its own.
      if (body.length > LARGEST || path === 'wp-config.php') continue;
      await pack.appendFile(body);
      list.push([path, offset, body.length, createHash('sha256').update(body).digest('hex')]);
      offset += body.length;
    }
  } finally {
    await pack.close();
  }
  await writeFile(listPath(to, version), JSON.stringify(list));
}

async function filesOf(folder: string, path = ''): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(folder, path), { withFileTypes: true })) {
    const below = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesOf(folder, below)));
    else if (entry.isFile()) found.push(below);
  }
  return found.toSorted();
}
