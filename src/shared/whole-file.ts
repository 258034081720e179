import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file whole or not at all, making its folder when needed. A link of that name, or of the draft's, is replaced and
 * not written through: the folders of a clone hold what a site sent, and its code runs there.
 */
export async function writeWhole(file: string, content: string | Buffer, mode = 0o644): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.part`;
  await rm(draft, { force: true });
  await writeFile(draft, content, { mode, flag: 'wx' });
  await rename(draft, file);
}

/** As `writeWhole`, with the content of another file. */
export async function copyWhole(from: string, to: string): Promise<void> {
  await writeWhole(to, await readFile(from));
}

/** The text of a file in such a folder. Nothing of what is no plain file, or too large to be held: a pipe would be waited for without end. */
export async function readPlain(file: string): Promise<string> {
  try {
    return (await lstat(file)).isFile() ? await readFile(file, 'utf8') : '';
  } catch {
    return '';
  }
}
