import { execFile } from 'node:child_process';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { InstancePaths } from '../instance/types.ts';
import type { WorkContext } from '../shared/context.ts';
import { removeTree } from '../shared/remove-tree.ts';

const run = promisify(execFile);

/**
 * Gives the document root a place of its own on the node's disk, as each instance on this machine has one (src/runtime/local/spread.ts): the
 * kubelet makes the volumes of all pods where those of removed ones were, and as long as ext4 passes over their files, a clone's take more than
 * twice the processor's time. Worth nothing but time, and never done to one that holds anything. `chattr`: the program.
 */
export async function spreadDocumentRoot(
  paths: Pick<InstancePaths, 'www' | 'run'>,
  { randomBytes }: Pick<WorkContext, 'randomBytes'>,
  chattr = 'chattr',
): Promise<void> {
  const folder = join(paths.run, 'spread');
  const holds = await readdir(paths.www).catch(() => []);
  if (holds.length > 0) return;
  try {
    await removeTree(folder);
    await mkdir(folder, { recursive: true });
    await run(chattr, ['+T', folder]);
    // Where ext4 begins to look follows from the name: with one that is always the same, all would come to the same place.
    const place = join(folder, randomBytes(8).toString('hex'));
    await mkdir(place);
    // The web container may have made an empty one meanwhile, which goes; one that holds something refuses.
    await rename(place, paths.www);
  } catch {
    // Another file system, or no such program.
  } finally {
    await removeTree(folder).catch(() => undefined);
  }
}
