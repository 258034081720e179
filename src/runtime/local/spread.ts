import { execFile } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { findProgram } from './programs.ts';

const run = promisify(execFile);

/**
 * Makes the folder of all instances, in which ext4 is to give each a place of its own on the disk (chattr(1), `T`). Else the files of a new one come to
 * where those of a removed one were, and for half a minute ext4 passes over each of their places whenever one is made, which may cost a clone some
 * seconds. Worth nothing but time: other file systems do without. `path` as in LocalHome.
 */
export async function makeInstancesFolder(folder: string, path: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // What is in it already has its place.
  if ((await readdir(folder)).length > 0) return;
  const program = await findProgram('chattr', path);
  if (program !== undefined) await run(program, ['+T', folder]).catch(() => undefined);
}
