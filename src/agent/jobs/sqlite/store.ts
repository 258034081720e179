import type { WorkContext } from '../../../shared/context.ts';
import { syncCommits } from '../../../state/commits.ts';
import { guard } from '../../../state/database.ts';
import type { JobStore } from '../store.ts';
import type { Attempt, JobOwner } from '../types.ts';
import { append, checkpoint, complete, fail, lose, owned, release, retryAt } from './attempts.ts';
import { claim } from './claim.ts';
import { enqueue, jobOfKey } from './enqueue.ts';
import { eventsAfter, newestEvent } from './events.ts';
import { retryWhileBusy } from '../../../state/retry.ts';
import { cancel, confidential, counts, list, probe, pruneSome, resultSecrets } from './requests.ts';
import { findRow, type JobRow, type StoreParts, toJob } from './rows.ts';
import { writeTogether } from './together.ts';

/** Rows deleted in one transaction by `prune`. */
const PRUNED_AT_ONCE = 500;

/** Jobs in SQLite. `parts.database` is this store's own connection and is closed with it. */
export function sqliteJobStore(
  parts: StoreParts,
  work: Pick<WorkContext, 'now' | 'sleep' | 'randomBytes' | 'log'>,
): JobStore {
  const { database } = parts;
  const commits = guard(database.name, () => syncCommits(database, work));
  const { write, close } = writeTogether(database, work, commits.sync);
  const read = <T>(look: () => T): Promise<T> => retryWhileBusy(work, () => guard(database.name, look));

  return {
    enqueue: (job, options) => write(() => enqueue(parts, job, options)),
    findByKey: (key) => read(() => jobOfKey(parts, key)),
    claim: (owner, limits) => write(() => claim(parts, owner, limits)),
    renew: (attempt) => read(() => ({ cancelRequested: owned(parts, attempt).cancel_requested === 1 })),
    append: (attempt, event, progress) => write(() => append(parts, attempt, event, progress)),
    checkpoint: (attempt, value) => write(() => checkpoint(parts, attempt, value)),
    complete: (attempt, result, secrets) => write(() => complete(parts, attempt, result, secrets)),
    fail: (attempt, error) => write(() => fail(parts, attempt, error)),
    retryAt: (attempt, error, notBefore) => write(() => retryAt(parts, attempt, error, notBefore)),
    release: (attempt) => write(() => release(parts, attempt)),
    cancel: (id) => write(() => cancel(parts, id)),
    find: (id) =>
      read(() => {
        const row = findRow(database, id);
        return row && toJob(row);
      }),
    confidential: (id) => read(() => confidential(parts, id)),
    resultSecrets: (id) => read(() => resultSecrets(parts, id)),
    list: (filter) => read(() => list(parts, filter)),
    events: (after, options) => read(() => eventsAfter(database, after, options)),
    newest: () => read(() => newestEvent(database)),
    counts: () => read(() => counts(parts)),
    probe: () => write(() => probe(parts)),

    async reap(isAlive) {
      const running = await read(() =>
        database.prepare<[], JobRow>(`SELECT * FROM jobs WHERE state = 'running'`).all(),
      );
      const lost: { attempt: Attempt; owner: JobOwner }[] = running.flatMap((row) => {
        const { id, epoch, owner } = toJob(row);
        return owner === null ? [] : [{ attempt: { id, epoch }, owner }];
      });
      const reaped = [];
      for (const { attempt, owner } of lost) {
        if (await isAlive(owner)) continue;
        // Two agents that start at once find the same dead owner: the epoch lets one of them take the job back.
        const job = await write(() => (isCurrent(parts, attempt) ? lose(parts, attempt) : undefined));
        if (job !== undefined) reaped.push(job);
      }
      return reaped;
    },

    async prune(endedBefore) {
      for (let removed = 0; ;) {
        const some = await write(() => pruneSome(parts, endedBefore, PRUNED_AT_ONCE));
        removed += some;
        if (some < PRUNED_AT_ONCE) return removed;
      }
    },
    close: () => {
      close();
      commits.close();
      database.close();
    },
  };
}

function isCurrent({ database }: StoreParts, { id, epoch }: Attempt): boolean {
  const row = findRow(database, id);
  return row?.state === 'running' && row.epoch === epoch;
}
