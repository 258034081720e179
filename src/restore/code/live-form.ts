import { createHash } from 'node:crypto';
import { WpcloneError } from '../../shared/errors.ts';
import { printable } from '../../shared/format.ts';
import type { WayBack } from '../plan/way-back.ts';
import type { ClonedFile } from './clone-files.ts';
import { openOwn } from './own-file.ts';

/** Text in which an address of the clone may stand: what page builders generate, and what people write. */
const TEXT = /\.(css|js|json|svg|html?|xml|xsl|txt|csv|md|vtt|srt)$/i;
const LONGEST_TEXT = 2 << 20;

/** A file of the uploads as the live site is to have it: its own addresses in place of the clone's. Throws PLAN_OUTDATED when it is another by now. */
export async function inLiveForm(file: ClonedFile, www: string, wayBack: WayBack): Promise<ClonedFile> {
  if (file.sha256 === null || file.size > LONGEST_TEXT || !TEXT.test(file.place)) return file;
  const text = (await contentOf(file, www)).toString('latin1');
  const back = wayBack(text, null);
  if (back === undefined) return { ...file, holdsAddress: true };
  if (back === text) return file;
  const brought = Buffer.from(back, 'latin1');
  const sha256 = createHash('sha256').update(brought).digest('hex');
  return { ...file, size: brought.length, sha256, content: brought };
}

async function contentOf({ place, size }: ClonedFile, www: string): Promise<Buffer> {
  const handle = await openOwn(www, place);
  try {
    // One byte more would be another file.
    const read = await handle?.read(Buffer.alloc(size + 1), { position: 0 });
    if (read?.bytesRead === size) return read.buffer.subarray(0, size);
  } finally {
    await handle?.close();
  }
  const message = `The clone's ${printable(place).slice(0, 150)} changed while the plan was being made.`;
  throw new WpcloneError('PLAN_OUTDATED', message);
}
