import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { readSettings } from './settings.ts';
import type { InstancePaths } from './types.ts';
import { writeWhole } from './write-file.ts';

/**
 * A link that logs the clone's administrator in once, within an hour (the must-use plugin sees to both). Only the token's hash is kept (a file of that name in run/logins,
 * unlinked by the must-use plugin on use), so that reading the folder lets nobody in.
 */
export async function createLoginLink(paths: InstancePaths, randomBytes: (size: number) => Buffer): Promise<string> {
  const { cloneUrl } = await readSettings(paths);
  const token = randomBytes(32).toString('base64url');
  await writeWhole(join(paths.run, 'logins', createHash('sha256').update(token).digest('hex')), '', 0o600);
  return `${cloneUrl}/?wpclone-login=${token}`;
}
