import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { CaughtMail, InstancePaths } from './types.ts';
import { readPlain } from './write-file.ts';

export const mailSchema = z.object({
  id: z.string(),
  at: z.string(),
  to: z.array(z.string()),
  subject: z.string(),
  headers: z.array(z.string()),
  body: z.string(),
});

/** The mail that was caught, oldest first. A file that is not ours is passed over: the clone's own code can write there. */
export async function listMail(paths: InstancePaths, signal: AbortSignal): Promise<readonly CaughtMail[]> {
  const names = (await readdir(paths.mail)).filter((name) => name.endsWith('.json')).sort();
  const mails: CaughtMail[] = [];
  for (const name of names) {
    signal.throwIfAborted();
    const mail = mailSchema.safeParse(parse(await readPlain(join(paths.mail, name))));
    if (mail.success) mails.push(mail.data);
  }
  return mails;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
