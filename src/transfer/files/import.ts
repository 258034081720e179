import { randomUUID } from 'node:crypto';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toWpcloneError } from '../../shared/errors.ts';
import { allOrNothing } from '../../shared/all-or-nothing.ts';
import { removeTree } from '../../shared/remove-tree.ts';
import {
  emptyFilesBaseline,
  filesFolder,
  packFolder,
  writeManifest,
  type ManifestRecord,
  type ManifestWriter,
} from '../baseline/files.ts';
import { writeWritten } from '../baseline/written.ts';
import { diskFull } from '../disk.ts';
import { noteWarnings } from '../origin/left-out.ts';
import { writeFilesOrigin } from '../origin/ledger.ts';
import { createProgress } from '../progress.ts';
import { NO_RELEASE, openRelease, type Release } from '../releases/release.ts';
import { nothingKept, openStore, publishToStore, type KeptFiles } from '../store/store.ts';
import type { FilesResult, TransferInput } from '../types.ts';
import { collectWarnings, escapedName, type WarningCollector } from '../warnings.ts';
import { planFiles, type ChosenEntry, type FilePlan } from './choose.ts';
import { fetchFiles, type FetchWork } from './fetch.ts';
import { takeFiles, type LeftFiles } from './left.ts';
import { createQueue, type FileQueue } from './queue.ts';
import { reuseFile, type ReuseWork } from './reuse.ts';
import { startWriter, type Finished, type Lane, type Writer } from './writer.ts';

/** Requests for bodies at a time. */
const STREAMS = 2;

/**
 * Copies the site's files into the instance's document root, which is emptied first, and writes the baseline beside it. Files that
 * are as they were at the last clone of the source come from the store. May be called again after a failure. Throws DISK_FULL,
 * SOURCE_FAILED and what the client throws.
 */
export async function importFiles(input: TransferInput): Promise<FilesResult> {
  const { site, context } = input;
  const { www, baseline } = site.paths;
  try {
    await emptyFolder(www);
    await emptyFilesBaseline(baseline);
    const collector = noteWarnings(collectWarnings());
    const kept = await openStore(site.store, baseline).catch((error: unknown) => {
      collector.warnings.add('FILES_NOT_KEPT', `What earlier clones kept cannot be used: ${reasonOf(error)}`);
      return nothingKept();
    });
    const { wordpressVersion } = input.task.info;
    const release = await openRelease(site.releases, wordpressVersion, filesFolder(baseline)).catch(() => NO_RELEASE);
    const left = await takeFiles((await site.earlier?.()) ?? [], join(filesFolder(baseline), 'left'));
    const result = await withLists(filesFolder(baseline), async (lists) => {
      const writer = startWriter({ target: www, packs: packFolder(filesFolder(baseline)) }, context.signal);
      try {
        return await copyFiles(input, { kept, left, release }, { ...lists, ...collector }, writer);
      } finally {
        await writer.close();
      }
    });
    await publishToStore(site.store, baseline, kept.packs).catch((error: unknown) => {
      context.signal.throwIfAborted();
      collector.warnings.add('FILES_NOT_KEPT', `The next clone has to fetch all files: ${reasonOf(error)}`);
    });
    return { ...result, warnings: collector.warnings.list() };
  } catch (error) {
    context.signal.throwIfAborted();
    throw diskFull(error, www) ?? toWpcloneError(error);
  }
}

/** What the baseline says of the files. */
interface Lists {
  readonly manifest: ManifestWriter;
  readonly written: Awaited<ReturnType<typeof writeWritten>>;
}

async function withLists<T>(folder: string, work: (lists: Lists) => Promise<T>): Promise<T> {
  const manifest = await writeManifest(folder);
  try {
    const written = await writeWritten(folder);
    try {
      return await work({ manifest, written });
    } finally {
      await written.abandon();
    }
  } finally {
    await manifest.abandon();
  }
}

async function copyFiles(
  input: TransferInput,
  { kept, left, release }: { readonly kept: KeptFiles; readonly left: LeftFiles; readonly release: Release },
  { manifest, written, warnings, leftOut }: Lists & ReturnType<typeof noteWarnings>,
  writer: Writer,
): Promise<Omit<FilesResult, 'warnings'>> {
  const { client, task, rewriter, context, site, now } = input;
  const plan = planFiles(task, warnings);
  const before = rewriter.counts.replaced;
  const counts = { files: 0, reused: 0, bytes: 0, totalFiles: 0, totalBytes: 0 };
  const totals = () => ({ ...counts, urlsRewritten: rewriter.counts.replaced - before });
  const progress = createProgress((counters) => context.progress(counters), totals, now);
  const store =
    (record: ManifestRecord): Finished =>
    (code, facts) => {
      if (code === undefined) manifest.add(record);
      else refuse(record.place, code, warnings);
      if (facts !== undefined) written.add([record.place, facts]);
      if (record.kind !== 'file') return;
      counts.files += 1;
      progress.tick();
    };
  const received = (bytes: number): void => {
    counts.bytes += bytes;
    progress.tick();
  };
  const spared = (bytes: number): void => {
    counts.reused += 1;
    counts.totalBytes -= bytes;
  };
  const queue = createQueue(STREAMS);
  const folder = filesFolder(site.paths.baseline);
  const { isUpload } = plan;
  const fetching: FetchWork = { client, rewriter, warnings, isUpload, now, store, received, release, folder, spared };
  const reusing: ReuseWork = {
    rewriter,
    isUpload: plan.isUpload,
    store,
    baseline: site.paths.baseline,
    kept,
    left,
    lost: (file) => queue.add(file, plan.isUpload(file.place)),
    reused: () => (counts.reused += 1),
  };
  const links: ChosenEntry[] = [];
  const run = randomUUID();
  await allOrNothing(context.signal, (signal) => [
    list(input, plan, { queue, links, counts, kept, reusing, lane: writer.lane(`${run}-0`), store }, signal),
    ...Array.from({ length: STREAMS }, (_, index) =>
      fetchAll(queue, writer.lane(`${run}-${index + 1}`), fetching, signal),
    ),
  ]);
  // Links come last, so that no file can be written through one.
  const lane = writer.lane(`${run}-links`);
  for (const { place, target } of links)
    if (target !== undefined) lane.link(place, target, store({ kind: 'symlink', place, target }));
  const removed = left.remove().catch((error: unknown) => {
    warnings.add('REMOVAL_FAILED', `What an earlier clone left stays for as long as this one: ${reasonOf(error)}`);
  });
  await Promise.all([lane.settle(), removed]);
  await writeFilesOrigin(site.paths.baseline, { exclude: [...plan.exclude], media: task.media, leftOut });
  await written.finish();
  await manifest.finish();
  progress.flush();
  const { files, reused, bytes, urlsRewritten } = totals();
  return { files, reused, bytes, urlsRewritten };
}

const reasonOf = (error: unknown): string => toWpcloneError(error).message;

interface ListWork {
  readonly queue: FileQueue;
  readonly links: ChosenEntry[];
  readonly counts: { totalFiles: number; totalBytes: number };
  readonly kept: KeptFiles;
  readonly reusing: ReuseWork;
  readonly lane: Lane;
  readonly store: (record: ManifestRecord) => Finished;
}

/** Reads the site's list of files and sends each on its way while the list is still coming in. */
async function list(
  { client, task }: TransferInput,
  plan: FilePlan,
  work: ListWork,
  signal: AbortSignal,
): Promise<void> {
  const roots = task.info.roots.map((root) => root.id);
  const { exclude, withheld, fits } = plan;
  for await (const entries of client.manifest({ roots, exclude, withheld, fits }, signal)) {
    for (const entry of entries) {
      const chosen = plan.choose(entry);
      if (!chosen) continue;
      if (entry.kind === 'symlink') work.links.push(chosen);
      else if (entry.kind === 'directory') addFolder(chosen, work);
      else await addFile(chosen, plan, work);
    }
    await work.lane.flush();
  }
  plan.tellOfUnmatched();
  await work.lane.settle(); // A damaged pack is known by now, and its files are in the queue.
  work.queue.end();
}

function addFolder({ place, entry }: ChosenEntry, { lane, store }: ListWork): void {
  if (place !== '') lane.folder(place, entry.mode, store({ kind: 'directory', place, mode: entry.mode }));
}

async function addFile(chosen: ChosenEntry, plan: FilePlan, work: ListWork): Promise<void> {
  work.counts.totalFiles += 1;
  const last = work.kept.find(chosen.entry);
  if (last) return reuseFile(chosen, last, work.lane, work.reusing);
  work.counts.totalBytes += chosen.entry.size;
  work.queue.add(chosen, plan.isUpload(chosen.place));
}

async function fetchAll(queue: FileQueue, lane: Lane, work: FetchWork, signal: AbortSignal): Promise<void> {
  for (let batch = await queue.take(signal); batch; batch = await queue.take(signal))
    await fetchFiles(batch, lane, work, signal);
  await lane.settle();
}

function refuse(place: string, code: string, warnings: WarningCollector): void {
  warnings.add('FILE_NAME_REFUSED', `${escapedName(place)} left out: this machine refuses its name (${code}).`);
}

/** The folder itself stays: it may be a mount. */
async function emptyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  // As bytes: a name that is no UTF-8 would not be found again.
  for (const name of await readdir(folder, { encoding: 'buffer' }))
    await removeTree(Buffer.concat([Buffer.from(`${folder}/`), name]));
}
