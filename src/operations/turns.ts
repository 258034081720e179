import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ReportingContext } from '../shared/context.ts';
import { type Lock, tryLock } from '../shared/lock.ts';
import { siteKey } from '../shared/site-address.ts';
import { waitUntil } from '../shared/wait-until.ts';

/** Milliseconds between two looks at whether it is our turn. */
const LOOK = 100;
/** Milliseconds after which one that is held up for so long is not waited for: the turn only spares both of them trouble. */
const LONGEST = 5 * 60_000;

/** Waits until no other job or command of this home is logged in to the administration of the site. What it resolves to ends the turn. */
export async function takeTurn(home: string, site: URL, context: ReportingContext): Promise<() => void> {
  const folder = join(home, 'locks');
  const name = `site-${createHash('sha256').update(siteKey(site)).digest('hex').slice(0, 32)}`;
  const take = (): Lock | undefined => takeInPlace(folder, name);
  let lock = take();
  if (lock === undefined) {
    context.progress?.({}, 'another wpclone is logged in to the site');
    lock = await waitUntil(take, { every: LOOK, limit: LONGEST, signal: context.signal }, context);
  }
  return () => {
    if (lock === undefined) return;
    // While it is held: who has opened it in the meantime sees that it is not the one any more, and makes another. So none are left.
    if (lock.isInPlace()) rmSync(join(folder, `${name}.lock`), { force: true });
    lock.release();
  };
}

function takeInPlace(folder: string, name: string): Lock | undefined {
  const lock = tryLock(folder, name);
  if (lock === undefined || lock.isInPlace()) return lock;
  lock.release();
  return undefined;
}
