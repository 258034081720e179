import { createHash } from 'node:crypto';
import type { ConfigureTask } from '../instance/types.ts';
import type { WorkContext } from '../shared/context.ts';
import { randomWord } from './names.ts';

/** What the administrator of a clone is called that a job has made in this name. */
export function administratorName(jobId: string): string {
  const digest = createHash('sha256').update(jobId).digest();
  return `wpclone-${randomWord(4, (size) => digest.subarray(0, size))}`;
}

/**
 * The clone's own administrator. In each attempt of a job it is called the same: one that takes an instance up replaces the administrator that
 * the last one may have made.
 */
export function newAdministrator({ jobId, randomBytes }: WorkContext): ConfigureTask['admin'] {
  return {
    username: administratorName(jobId),
    password: randomBytes(15).toString('base64url'),
    email: 'wpclone@clone.invalid',
  };
}
