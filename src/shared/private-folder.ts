import { createHash } from 'node:crypto';
import { lstat, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The length of sun_path less its final NUL: 108 on Linux, 104 on the BSDs and macOS (unix(7), unix(4)). */
const LONGEST_SOCKET = 103;

/** The folder for a socket that belongs into `folder`: a deep one leaves no room for its path, then a private one of fixed name under /tmp. */
export function socketFolder(folder: string, socket: string, home: string): string {
  if (Buffer.byteLength(join(folder, socket)) <= LONGEST_SOCKET) return folder;
  return join('/tmp', `wpclone-${process.getuid?.() ?? 0}-${shortHash(home)}`);
}

/** A short name for something long. */
export const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

/** Makes a folder that only its owner may enter. False when one is there that somebody else made, or may enter: it may be under /tmp. */
export async function makePrivateFolder(folder: string): Promise<boolean> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o077) === 0;
}
