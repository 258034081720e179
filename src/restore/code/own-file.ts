import { constants } from 'node:fs';
import { open, realpath, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Opens a file of a clone to be sent away. The clone's code may have put a link in its place, or in the way to it, since it was seen: that
 * leads to what is none of its own, and gives undefined, as one that is gone does.
 */
export async function openOwn(www: string, place: string): Promise<FileHandle | undefined> {
  const path = join(await realpath(www), place);
  // Nor is a pipe waited for.
  const how = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, how).catch(() => undefined);
  if (handle === undefined) return undefined;
  if ((await handle.stat()).isFile() && (await realpath(path).catch(() => '')) === path) return handle;
  await handle.close();
  return undefined;
}
