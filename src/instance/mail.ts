import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mailSchema } from './schemas.ts';
import type { CaughtMail, InstancePaths } from './types.ts';
import { parseJson } from '../shared/json.ts';
import { readPlain } from '../shared/whole-file.ts';

/** The mail that was caught, oldest first. A file that is not ours is passed over: the clone's own code can write there. */
export async function listMail(paths: InstancePaths, signal: AbortSignal): Promise<readonly CaughtMail[]> {
  const names = (await readdir(paths.mail)).filter((name) => name.endsWith('.json')).sort();
  const mails: CaughtMail[] = [];
  for (const name of names) {
    signal.throwIfAborted();
    const mail = mailSchema.safeParse(parseJson(await readPlain(join(paths.mail, name))));
    if (mail.success) mails.push(mail.data);
  }
  return mails;
}
