import { WpcloneError } from '../shared/errors.ts';
import type { ManifestEntry, ManifestRequest } from './client-types.ts';
import { converse, type Session } from './conversation.ts';
import { manifestEntriesSchema, manifestHeadSchema } from './protocol.ts';
import { toEntry } from './manifest-entry.ts';
import { understood, understoodJson } from './understood.ts';

/** What is known of the files is held in memory, some hundred bytes each. */
const MOST_ENTRIES = 2_000_000;

/** Streams the list of files; see `SiteClient.manifest`. */
export async function* readManifest(
  session: Session,
  wanted: ManifestRequest,
  signal: AbortSignal,
): AsyncGenerator<readonly ManifestEntry[]> {
  let after: { readonly root: string; readonly path: string } | null = null;
  let done = wanted.roots.length === 0;
  let listed = 0;
  const request = (): object | null =>
    done ? null : { op: 'manifest', roots: wanted.roots, exclude: wanted.exclude, ...(after ? { after } : {}) };
  const finished = (): void => {
    done = true;
  };
  const { frames, progress } = converse(session, { request, finished }, signal);
  for await (const frame of frames) {
    const head = understood(manifestHeadSchema, frame.head);
    if (frame.type !== 'M' || !wanted.roots.includes(head.root)) throw unexpected();
    const entries = understoodJson(manifestEntriesSchema, frame.body);
    after = { root: head.root, path: head.c };
    progress();
    listed += entries.length;
    if (listed > MOST_ENTRIES) throw tooMany();
    for (const path of head.withheld ?? []) wanted.withheld?.(head.root, path);
    if (head.fits !== undefined) wanted.fits?.(head.fits);
    yield entries.map((entry) => toEntry(head.root, entry));
  }
}

const tooMany = (): WpcloneError =>
  new WpcloneError(
    'SOURCE_FAILED',
    `The site lists more than ${MOST_ENTRIES / 1e6} million files: leave folders out with --exclude-path.`,
  );

const unexpected = (): WpcloneError =>
  new WpcloneError('SOURCE_FAILED', 'The site listed files that were not asked for.');
