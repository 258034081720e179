import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Writes a file whole or not at all, making its folder when needed. The rename also replaces a link of that name
 * instead of writing through it: the folders of a clone hold what a site sent.
 */
export async function writeWhole(file: string, content: string | Buffer, mode = 0o644): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.part`;
  await writeFile(draft, content, { mode });
  await rename(draft, file);
}

/** As `writeWhole`, with the content of another file. */
export async function copyWhole(from: string, to: string): Promise<void> {
  await writeWhole(to, await readFile(from));
}
