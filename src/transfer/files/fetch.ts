import { WpcloneError } from '../../shared/errors.ts';
import type { FileEvent, FileRequest, SiteClient } from '../../site/client-types.ts';
import { packPath, type FileRecord, type PackedBody } from '../baseline/files.ts';
import { createHash } from 'node:crypto';
import type { Release } from '../releases/release.ts';
import type { Rewriter } from '../rewrite/types.ts';
import { escapedName, type WarningCollector } from '../warnings.ts';
import type { ChosenEntry } from './choose.ts';
import type { Finished, Lane } from './writer.ts';

/** A file that may hold addresses as text and is small enough to be held whole. */
const REWRITABLE = /\.(css|js|json)$/i;
const REWRITABLE_BYTES = 2 * 1024 * 1024;

/** What fetching works with, besides the files and the lane. */
export interface FetchWork {
  readonly client: SiteClient;
  readonly rewriter: Rewriter;
  readonly warnings: WarningCollector;
  readonly isUpload: (place: string) => boolean;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** A file has been read; what becomes of it on disk is told to what this returns. */
  readonly store: (record: FileRecord) => Finished;
  readonly received: (bytes: number) => void;
  /** What need not come where the source has the same. */
  readonly release: Release;
  /** Where the packs are. */
  readonly folder: string;
  /** So many bytes need not be moved. */
  readonly spared: (bytes: number) => void;
}

/** Whether addresses in the file are rewritten: small text in the uploads, which page builders generate. Code is never changed. */
export const isRewritable = (chosen: ChosenEntry, isUpload: (place: string) => boolean): boolean =>
  chosen.entry.size <= REWRITABLE_BYTES && REWRITABLE.test(chosen.place) && isUpload(chosen.place);

/** Fetches files in one stream and writes them through the lane. What was read goes into the lane's pack, as it came. */
export async function fetchFiles(
  files: readonly ChosenEntry[],
  lane: Lane,
  work: FetchWork,
  signal: AbortSignal,
): Promise<void> {
  const waiting = new Map(files.map((file) => [keyOf(file.entry), file]));
  const requests = files.map((file): FileRequest => {
    const { root, path, size } = file.entry;
    const held = isRewritable(file, work.isUpload) ? undefined : work.release.find(file.entry)?.sha256;
    return { root, path, size, ...(held === undefined ? {} : { held }) };
  });
  let current: Receiving | undefined;
  for await (const event of work.client.files(requests, signal)) {
    if (event.type === 'start') {
      current?.discard();
      const file = waiting.get(keyOf(event.file));
      if (!file)
        throw new WpcloneError(
          'SOURCE_FAILED',
          `The site sent a file that was not asked for: ${escapedName(event.file.path)}.`,
        );
      current = receive(file, lane, work);
    } else if (event.type === 'held') {
      const file = waiting.get(keyOf(event.file));
      // What is missing in the end is told of.
      if (file && (await takeHeld(file, event, lane, work))) waiting.delete(keyOf(event.file));
    } else if (!current) {
      throw new WpcloneError('SOURCE_FAILED', 'The site sent parts of a file without saying of which.');
    } else if (event.type === 'data') {
      work.received(event.data.length);
      await current.data(event.data);
    } else {
      waiting.delete(keyOf(current.file.entry));
      if (event.type === 'end') await current.end(event);
      else fail(current, event.reason, work.warnings);
      current = undefined;
    }
  }
  current?.discard();
  await lane.flush();
  const [missing] = waiting.values();
  if (missing) throw new WpcloneError('SOURCE_FAILED', `The site did not send ${escapedName(missing.place)}.`);
}

/** The source has what the release has: the body comes out of the release's pack, which is the baseline's as well. */
async function takeHeld(file: ChosenEntry, facts: Facts, lane: Lane, work: FetchWork): Promise<boolean> {
  const body = work.release.find(file.entry);
  if (body === undefined) return false;
  const finished = work.store(recordOf(file, facts, body, work.now()));
  const { place, entry } = file;
  const pack = packPath(work.folder, body.pack);
  const { offset, size } = body;
  await lane.extract({ place, mode: entry.mode, mtime: facts.mtime, pack, offset, size, keep: false }, finished);
  work.spared(size);
  return true;
}

type End = Extract<FileEvent, { type: 'end' }>;
type Facts = Pick<End, 'size' | 'mtime' | 'ctime'>;

interface Receiving {
  readonly file: ChosenEntry;
  data(bytes: Buffer): Promise<void>;
  end(facts: End): Promise<void>;
  discard(): void;
}

function receive(file: ChosenEntry, lane: Lane, work: FetchWork): Receiving {
  return isRewritable(file, work.isUpload) ? receiveText(file, lane, work) : receiveBody(file, lane, work);
}

function receiveBody(file: ChosenEntry, lane: Lane, work: FetchWork): Receiving {
  const start = lane.pack.size;
  let finished: Finished | undefined;
  lane.open(file.place, file.entry.mode, (code, facts) => finished?.(code, facts));
  return {
    file,
    data: (bytes) => lane.data(bytes, { file: true, pack: true }),
    end: (facts) => {
      const body = { pack: lane.pack.id, offset: start, size: facts.size, sha256: facts.sha256 };
      finished = work.store(recordOf(file, facts, body, work.now()));
      return lane.close(facts.mtime);
    },
    discard: () => lane.drop(start),
  };
}

/** Generated text is held whole, kept in the pack as it came, and written with its addresses changed. */
function receiveText(file: ChosenEntry, lane: Lane, work: FetchWork): Receiving {
  const start = lane.pack.size;
  const pieces: Buffer[] = [];
  let whole: Receiving | undefined;
  return {
    file,
    data: async (bytes) => {
      if (whole) return whole.data(bytes);
      pieces.push(Buffer.from(bytes));
      if (pieces.reduce((sum, piece) => sum + piece.length, 0) <= REWRITABLE_BYTES) return;
      // It has grown since it was listed: too large to be held.
      whole = receiveBody(file, lane, work);
      for (const piece of pieces.splice(0)) await whole.data(piece);
    },
    end: async (facts) => {
      if (whole) return whole.end(facts);
      const original = Buffer.concat(pieces);
      await lane.data(original, { file: false, pack: true });
      const body = { pack: lane.pack.id, offset: start, size: facts.size, sha256: facts.sha256 };
      await writeText(original, recordOf(file, facts, body, work.now()), lane, work);
    },
    discard: () => {
      if (whole) whole.discard();
    },
  };
}

/** Writes a text whose original is in a pack; when rewriting changes it, the pack gets the result as well, for `reset`. */
export async function writeText(
  original: Buffer,
  record: FileRecord,
  lane: Lane,
  work: Pick<FetchWork, 'rewriter' | 'store'>,
): Promise<void> {
  const text = work.rewriter.value(original);
  const changed = text !== original && !text.equals(original);
  const rewritten: PackedBody | undefined = changed
    ? {
        pack: lane.pack.id,
        offset: lane.pack.size,
        size: text.length,
        sha256: createHash('sha256').update(text).digest('hex'),
      }
    : undefined;
  lane.open(record.place, record.mode, work.store(rewritten ? { ...record, rewritten } : record));
  await lane.data(text, { file: true, pack: changed });
  await lane.close(record.source.mtime);
}

/** Times at the source are in whole seconds: a change within two of them may not show. */
const YOUNG_SECONDS = 2;

function recordOf({ place, entry }: ChosenEntry, facts: Facts, body: PackedBody, now: number): FileRecord {
  const { size, mtime, ctime } = facts;
  const young = now / 1000 - Math.max(mtime, ctime) < YOUNG_SECONDS;
  return {
    kind: 'file',
    place,
    mode: entry.mode,
    source: { root: entry.root, path: entry.path, size, mtime, ctime },
    body,
    ...(young ? { young } : {}),
  };
}

const FAILURES = {
  gone: ['FILE_CHANGED', 'it was removed while the site was copied'],
  changing: ['FILE_CHANGED', 'it changes faster than it can be read'],
  unreadable: ['FILE_UNREADABLE', 'the web server of the source may not read it'],
  secret: ['FILE_UNREADABLE', 'the source keeps it, because it reads like a copy of its configuration'],
} as const;

function fail(current: Receiving, reason: keyof typeof FAILURES, warnings: WarningCollector): void {
  current.discard();
  const [code, why] = FAILURES[reason];
  warnings.add(code, `${escapedName(current.file.place)} left out: ${why}.`);
}

const keyOf = (file: { readonly root: string; readonly path: string }): string => `${file.root}\0${file.path}`;
