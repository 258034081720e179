import type { SiteClient } from '../../site/client-types.ts';
import type { SiteInfo } from '../../site/info.ts';
import { joinPlaces, rootPlace } from '../../transfer/files/places.ts';
import type { FilesFinding, SourceFile } from '../../transfer/survey/files.ts';

/** What is known of files of the live site by place, without fetching any. */
export interface LiveFiles {
  /** Other size or times, so that they may be others; or new. */
  readonly other: ReadonlyMap<string, SourceFile>;
  readonly gone: ReadonlySet<string>;
}

/** What a file holds there. */
export interface LiveBody {
  readonly sha256: string;
  /** Its first bytes, in which versions stand. */
  readonly head: string;
}

const HEAD_BYTES = 8192;

export function liveFilesOf(finding: FilesFinding, info: SiteInfo): LiveFiles {
  const places = new Map(info.roots.map((root) => [root.id, rootPlace(root)]));
  const placeOf = ({ root, path }: Pick<SourceFile, 'root' | 'path'>): string =>
    joinPlaces(places.get(root) ?? '', path);
  return {
    other: new Map([...finding.changed, ...finding.others].map((file) => [placeOf(file), file])),
    gone: new Set(finding.gone.map(placeOf)),
  };
}

/** The same of a copy of the site that was cloned, whose times say nothing. */
export const liveFilesOfCopy = (
  there: ReadonlyMap<string, SourceFile>,
  base: ReadonlyMap<string, unknown>,
): LiveFiles => ({ other: there, gone: new Set([...base.keys()].filter((place) => !there.has(place))) });

/** Reads files of the live site to compare them; those that cannot be read are missing in the answer. `hasHead`: of which the head is wanted. */
export async function readLive(
  client: Pick<SiteClient, 'files'>,
  files: ReadonlyMap<string, SourceFile>,
  hasHead: (place: string) => boolean,
  signal: AbortSignal,
): Promise<Map<string, LiveBody>> {
  const bodies = new Map<string, LiveBody>();
  if (files.size === 0) return bodies;
  const placeOf = new Map([...files].map(([place, { root, path }]) => [`${root}\0${path}`, place]));
  let place: string | undefined;
  let head: Buffer[] = [];
  let held = 0;
  for await (const event of client.files([...files.values()], signal)) {
    if (event.type === 'start') {
      place = placeOf.get(`${event.file.root}\0${event.file.path}`);
      head = [];
      held = 0;
    } else if (event.type === 'data' && held < HEAD_BYTES && hasHead(place ?? '')) {
      const part = Buffer.from(event.data.subarray(0, HEAD_BYTES - held));
      head.push(part);
      held += part.length;
    } else if (event.type === 'end' && place !== undefined)
      bodies.set(place, { sha256: event.sha256, head: Buffer.concat(head).toString('latin1') });
  }
  return bodies;
}
