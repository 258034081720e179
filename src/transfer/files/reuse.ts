import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { filesFolder, packPath, type FileRecord } from '../baseline/files.ts';
import type { KeptFiles } from '../store/store.ts';
import type { ChosenEntry } from './choose.ts';
import { isRewritable, writeText, type FetchWork } from './fetch.ts';
import type { LeftFiles } from './left.ts';
import type { Lane } from './writer.ts';

export interface ReuseWork extends Pick<FetchWork, 'rewriter' | 'isUpload' | 'store'> {
  readonly baseline: string;
  readonly kept: KeptFiles;
  readonly left: LeftFiles;
  /** A pack does not hold what it should: the file has to be fetched. */
  readonly lost: (file: ChosenEntry) => void;
  readonly reused: () => void;
}

/**
 * Writes a file from the pack of an earlier clone instead of fetching it. Its hash is checked on the way, unless nobody has written to the pack
 * since all of it was right. Then a file is also moved where a removed clone left the very same: a reset needs what is in the pack.
 */
export async function reuseFile(file: ChosenEntry, last: FileRecord, lane: Lane, work: ReuseWork): Promise<void> {
  const keep = work.kept.isSparse(last.body.pack);
  const record: FileRecord = {
    kind: 'file',
    place: file.place,
    mode: file.entry.mode,
    source: last.source,
    body: keep ? { ...last.body, pack: lane.pack.id, offset: lane.pack.size } : last.body,
  };
  if (isRewritable(file, work.isUpload)) return reuseText(file, last, { ...record, body: last.body }, lane, work);
  const finished = work.store(record);
  const isAsWritten = work.kept.isAsWritten(last.body.pack);
  const left = !keep && isAsWritten ? work.left.find(file.place) : undefined;
  await lane.extract(
    {
      place: file.place,
      mode: file.entry.mode,
      mtime: last.source.mtime,
      pack: packPath(filesFolder(work.baseline), last.body.pack),
      offset: last.body.offset,
      size: last.body.size,
      keep,
      ...(!isAsWritten && { sha256: last.body.sha256 }),
      ...(left?.sha256 === last.body.sha256 && { left }),
    },
    (code, facts) => {
      if (code === 'HASH') return lost(file, last, work);
      finished(code, facts);
      if (code === undefined) work.reused();
    },
  );
}

async function reuseText(
  file: ChosenEntry,
  last: FileRecord,
  record: FileRecord,
  lane: Lane,
  work: ReuseWork,
): Promise<void> {
  const original = await readBody(
    packPath(filesFolder(work.baseline), last.body.pack),
    last.body.offset,
    last.body.size,
  );
  if (createHash('sha256').update(original).digest('hex') !== last.body.sha256) return lost(file, last, work);
  await writeText(original, record, lane, work);
  work.reused();
}

function lost(file: ChosenEntry, { body }: FileRecord, work: ReuseWork): void {
  work.kept.damaged(body.pack);
  work.lost(file);
}

async function readBody(path: string, offset: number, size: number): Promise<Buffer> {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
