import { mkdir, rename, rm } from 'node:fs/promises';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { filesFolder, packFolder, packPath, readManifest } from '../baseline/files.ts';
import { diskFull } from '../disk.ts';
import type { TransferContext, TransferSite } from '../types.ts';
import { startWriter, type Finished } from './writer.ts';

/**
 * Puts the instance's files back to the baseline: they are written to a new folder, which then takes the document root's place.
 * What is not part of the baseline (configuration) is gone afterwards. Throws DISK_FULL; idempotent.
 */
export async function resetFiles(site: TransferSite, context: TransferContext): Promise<void> {
  const { www } = site.paths;
  const [fresh, old] = [`${www}.new`, `${www}.old`];
  try {
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh);
    await extractBaseline(site, fresh, context);
    await rm(old, { recursive: true, force: true });
    await rename(www, old);
    await rename(fresh, www);
    await rm(old, { recursive: true, force: true });
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    context.signal.throwIfAborted();
    throw diskFull(error, www) ?? toWpcloneError(error);
  }
}

async function extractBaseline(site: TransferSite, target: string, context: TransferContext): Promise<void> {
  const folder = filesFolder(site.paths.baseline);
  const writer = startWriter({ target, packs: packFolder(folder) }, context.signal);
  let files = 0;
  const damaged: string[] = [];
  const done =
    (place: string): Finished =>
    (code) => {
      if (code !== undefined) damaged.push(place);
    };
  try {
    const lane = writer.lane('reset');
    for await (const record of readManifest(folder)) {
      context.signal.throwIfAborted();
      if (record.kind === 'directory') lane.folder(record.place, record.mode, done(record.place));
      else if (record.kind === 'file') {
        const { pack, ...body } = record.rewritten ?? record.body;
        const { place, mode, source } = record;
        await lane.extract(
          { ...body, place, mode, mtime: source.mtime, pack: packPath(folder, pack), keep: false },
          done(place),
        );
        files += 1;
        if (files % 500 === 0) context.progress({ files });
      } else lane.link(record.place, record.target, done(record.place));
    }
    await lane.settle();
    context.progress({ files });
  } finally {
    await writer.close();
  }
  if (damaged.length > 0)
    throw new WpcloneError(
      'STATE_FAILED',
      `The baseline of the clone is damaged: ${damaged.length} files, the first is ${damaged[0]}.`,
      { details: { path: folder } },
    );
}
