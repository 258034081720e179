import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { ReportingContext } from '../shared/context.ts';
import { tryLock } from '../shared/lock.ts';
import { siteKey } from '../shared/site-address.ts';
import { waitUntil } from '../shared/wait-until.ts';

/** Milliseconds between two tries for the lock. */
const LOOK = 100;
/** Milliseconds after which one that is held up for so long is not waited for: the lock only spares both of them trouble. */
const LONGEST = 5 * 60_000;

/**
 * Sites share so many locks, so that their files (which are empty) do not become more with every site; two that are connected to at once hardly
 * ever share one. None is removed when a lock is released: whoever waits for it has it open, and SQLite fails when its file goes meanwhile.
 */
const LOCKS = 2 ** 16;

/** Waits until no other job or command of this home is logged in to the administration of the site. What it resolves to releases the lock. */
export async function lockLogin(home: string, site: URL, context: ReportingContext): Promise<() => void> {
  const number = createHash('sha256').update(siteKey(site)).digest().readUInt32BE() % LOCKS;
  const take = () => tryLock(join(home, 'locks'), `site-${number}`);
  let lock = take();
  if (lock === undefined) {
    context.progress?.({}, 'another wpclone is logged in to the site');
    lock = await waitUntil(take, { every: LOOK, limit: LONGEST, signal: context.signal }, context);
  }
  return () => lock?.release();
}
