import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readSettings } from './settings.ts';
import type { InstancePaths } from './types.ts';
import { writeWhole } from '../shared/whole-file.ts';

/**
 * A link that logs in once, within an hour (the must-use plugin sees to both): the clone's administrator, or whom `logInAs` named.
 * Only the token's hash is kept (a file of that name in run/logins, unlinked by the must-use plugin on use), so that reading the
 * folder lets nobody in.
 */
export async function createLoginLink(paths: InstancePaths, randomBytes: (size: number) => Buffer): Promise<string> {
  const { cloneUrl } = await readSettings(paths);
  const token = randomBytes(32).toString('base64url');
  const user = await readFile(userFile(paths), 'utf8').catch(() => '');
  await writeWhole(join(paths.run, 'logins', createHash('sha256').update(token).digest('hex')), user, 0o600);
  return `${cloneUrl}/?wpclone-login=${token}`;
}

const userFile = (paths: InstancePaths): string => join(paths.run, 'login-user');

/** Names the user whom links log in from now on, also after a reset; undefined: the clone's own administrator. */
export async function logInAs(paths: InstancePaths, userId: number | undefined): Promise<void> {
  if (userId === undefined) await rm(userFile(paths), { force: true });
  else await writeWhole(userFile(paths), String(userId), 0o600);
}
