import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { filesFolder, packFolder, packPath, readManifest } from '../baseline/files.ts';
import { writeWritten } from '../baseline/written.ts';
import { diskFull } from '../disk.ts';
import type { TransferContext, TransferSite } from '../types.ts';
import { removeTouched } from './untouched.ts';
import { startWriter, type Finished } from './writer.ts';

/**
 * Puts the instance's files back to the baseline: what is as it was written stays, all else goes, and what is missing then is taken from
 * the packs. What is not part of the baseline (configuration) is gone afterwards. Throws DISK_FULL; idempotent: one that was cut off
 * leaves a document root that the next one goes on with.
 */
export async function resetFiles(site: TransferSite, context: TransferContext): Promise<void> {
  const { www } = site.paths;
  try {
    await putBack(site, context);
  } catch (error) {
    context.signal.throwIfAborted();
    throw diskFull(error, www) ?? toWpcloneError(error);
  }
}

async function putBack(site: TransferSite, context: TransferContext): Promise<void> {
  const { www, baseline } = site.paths;
  const folder = filesFolder(baseline);
  const untouched = await removeTouched(www, folder, context.signal);
  const written = await writeWritten(folder);
  for (const line of untouched.files) written.add(line);
  const settings = { target: www, packs: packFolder(folder), folders: [...untouched.folders] };
  const writer = startWriter(settings, context.signal);
  let files = 0;
  const damaged: string[] = [];
  const done =
    (place: string): Finished =>
    (code, facts) => {
      if (code !== undefined) damaged.push(place);
      else if (facts !== undefined) written.add([place, facts]);
    };
  try {
    const lane = writer.lane('reset');
    for await (const record of readManifest(folder)) {
      context.signal.throwIfAborted();
      const { place } = record;
      if (record.kind === 'directory') {
        if (!untouched.folders.has(place)) lane.folder(place, record.mode, done(place));
      } else if (record.kind === 'symlink') {
        if (!untouched.links.has(place)) lane.link(place, record.target, done(place));
      } else {
        if (!untouched.files.has(place)) {
          const { pack, ...body } = record.rewritten ?? record.body;
          const { mode, source } = record;
          const packed = { ...body, pack: packPath(folder, pack), keep: false };
          await lane.extract({ ...packed, place, mode, mtime: source.mtime }, done(place));
        }
        files += 1;
        if (files % 500 === 0) context.progress({ files });
      }
    }
    await lane.settle();
    await written.finish();
    context.progress({ files });
  } finally {
    await writer.close();
    await written.abandon();
  }
  if (damaged.length > 0)
    throw new WpcloneError(
      'STATE_FAILED',
      `The baseline of the clone is damaged: ${damaged.length} files, the first is ${damaged[0]}.`,
      { details: { path: folder } },
    );
}
