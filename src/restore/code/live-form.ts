import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WayBack } from '../plan/way-back.ts';
import type { ClonedFile } from './clone-files.ts';

/** Text in which an address of the clone may stand: what page builders generate, and what people write. */
const TEXT = /\.(css|js|json|svg|html?|xml|xsl|txt|csv|md|vtt|srt)$/i;
const LONGEST_TEXT = 2 << 20;

/** A file of the uploads as the live site is to have it: its own addresses in place of the clone's. */
export async function inLiveForm(file: ClonedFile, www: string, wayBack: WayBack): Promise<ClonedFile> {
  if (file.sha256 === null || file.size > LONGEST_TEXT || !TEXT.test(file.place)) return file;
  const content = await readFile(join(www, file.place));
  const text = content.toString('latin1');
  const back = wayBack(text, null);
  if (back === undefined) return { ...file, holdsAddress: true };
  if (back === text) return file;
  const brought = Buffer.from(back, 'latin1');
  const sha256 = createHash('sha256').update(brought).digest('hex');
  return { ...file, size: brought.length, sha256, content: brought };
}
