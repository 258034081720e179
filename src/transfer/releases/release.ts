/**
 * WordPress as it was released, beside an instance: what a source has with the same bytes need not come from there. It is worth nothing but time:
 * the source says of each file whether it is the same, and sends what is not.
 */
import { readFile, stat, symlink } from 'node:fs/promises';
import { z } from 'zod';
import { packPath, type PackedBody } from '../baseline/files.ts';
import { bodiesPath, listPath, type ReleasedFile } from './pack.ts';

export interface Release {
  /** What the release has in the place of a file, when it is as large. */
  find(file: { readonly root: string; readonly path: string; readonly size: number }): PackedBody | undefined;
}

export const NO_RELEASE: Release = { find: () => undefined };

/** The root of a source that is the folder of WordPress. */
const CORE = 'core';

const listSchema: z.ZodType<readonly ReleasedFile[]> = z.array(
  z.tuple([z.string(), z.number(), z.number(), z.string()]),
);

/**
 * The release of this version. Its pack becomes one of the baseline's in `files`, by a link: the image is there for as long as the pod. Throws where
 * there is none of that version.
 */
export async function openRelease(releases: string | undefined, version: string, files: string): Promise<Release> {
  // The source names it, and it is part of a path.
  if (releases === undefined || !/^\d[\w.-]*$/.test(version)) return NO_RELEASE;
  const list = listSchema.parse(JSON.parse(await readFile(listPath(releases, version), 'utf8')));
  const pack = `release-${version}`;
  const bodies = bodiesPath(releases, version);
  const { size: packed } = await stat(bodies);
  if (list.some(([, offset, size]) => offset + size > packed)) return NO_RELEASE;
  await symlink(bodies, packPath(files, pack));
  const bodyOf = new Map(list.map(([path, offset, size, sha256]) => [path, { pack, offset, size, sha256 }]));
  return {
    find: ({ root, path, size }) => {
      const body = root === CORE ? bodyOf.get(path) : undefined;
      return body?.size === size ? body : undefined;
    },
  };
}
