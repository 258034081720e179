import { joinPlaces, rootPlace } from '../../transfer/files/places.ts';
import type { SiteClient } from '../../site/client-types.ts';
import type { SiteInfo } from '../../site/info.ts';
import type { FileRecord } from '../../transfer/baseline/files.ts';
import type { SourceFile } from '../../transfer/survey/files.ts';
import type { ClonedFile, ClonedFiles } from './clone-files.ts';
import { inLiveForm } from './live-form.ts';
import { type LiveBody, readLive } from './live-files.ts';
import { isGenerated, packageOf, type Package } from './packages.ts';
import type { FilesInput, FilesOnBothSides } from './types.ts';
import { mayTellVersion } from './versions.ts';

/** What goes from site to site: all else belongs to each. */
const TRAVELS: ReadonlySet<Package['kind']> = new Set(['plugin', 'theme', 'mu-plugin', 'languages', 'upload']);

const travels = (which: Package): boolean => TRAVELS.has(which.kind) && !isGenerated(which);

/** Files of a site, by place. */
export async function listLive(
  client: Pick<SiteClient, 'manifest'>,
  info: SiteInfo,
  exclude: readonly string[],
  signal: AbortSignal,
): Promise<Map<string, SourceFile>> {
  const folders = new Map(info.roots.map((root) => [root.id, rootPlace(root)]));
  const found = new Map<string, SourceFile>();
  for await (const entries of client.manifest({ roots: [...folders.keys()], exclude }, signal))
    for (const { kind, root, path, size } of entries)
      if (kind === 'file') found.set(joinPlaces(folders.get(root) ?? '', path), { root, path, size });
  return found;
}

/**
 * Compares the files of a clone with those of a site that it was not made of. What is the same on both sides is the base; of what both have
 * each side's digest is known, since all of it is read. What only the site has is read where it belongs to a package that differs.
 */
export async function filesOfTwoSides(
  { cloned, here }: { readonly cloned: ClonedFiles; readonly here: readonly ClonedFile[] },
  there: ReadonlyMap<string, SourceFile>,
  { www, client, places, wayBack, signal }: FilesInput,
): Promise<FilesOnBothSides> {
  const keyOf = (place: string): string => {
    const { kind, folder } = packageOf(place, places);
    return `${kind}:${folder}`;
  };
  const ours = here.filter(({ place }) => travels(packageOf(place, places)));
  const both = picked(
    there,
    ours.map(({ place }) => place),
  );
  const hasHead = (place: string): boolean => mayTellVersion(place, places);
  const bodies = new Map<string, LiveBody>(await readLive(client, both, hasHead, signal));
  const base = new Map<string, FileRecord>();
  const changed: ClonedFile[] = [];
  for (const file of ours) {
    signal.throwIfAborted();
    const own = await inLiveForm(file, www, wayBack);
    const live = bodies.get(file.place);
    if (live !== undefined && live.sha256 === own.sha256) base.set(file.place, recordOf(file.place, live, there));
    else changed.push({ ...own, change: there.has(file.place) ? 'changed' : 'new' });
  }
  const differing = new Set(changed.map(({ place }) => keyOf(place)));
  const others = [...there.keys()].filter((place) => !both.has(place) && differing.has(keyOf(place)));
  for (const [place, body] of await readLive(client, picked(there, others), hasHead, signal)) bodies.set(place, body);
  return { cloned: { ...cloned, base, changed }, there: { other: there, gone: new Set() }, bodies };
}

const picked = (there: ReadonlyMap<string, SourceFile>, places: readonly string[]): Map<string, SourceFile> =>
  new Map(
    places.flatMap((place) => {
      const file = there.get(place);
      return file ? [[place, file] as const] : [];
    }),
  );

/** A file that is the same on both sides, as one that the clone was made with. */
function recordOf(place: string, { sha256 }: LiveBody, there: ReadonlyMap<string, SourceFile>): FileRecord {
  const { root, path, size } = there.get(place) ?? { root: '', path: place, size: 0 };
  const body = { pack: '', offset: 0, size, sha256 };
  return { kind: 'file', place, mode: 0o644, source: { root, path, size, mtime: 0, ctime: 0 }, body };
}
