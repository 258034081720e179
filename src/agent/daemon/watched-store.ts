import type { Logger } from '../../shared/context.ts';
import type { JobStore } from '../jobs/store.ts';
import type { Job } from '../jobs/types.ts';

/** The same store, whose jobs' ways can be followed in the log; `ended` hears of each that is over. */
export function watchedStore(store: JobStore, log: Logger, ended: (job: Job) => void): JobStore {
  const told = (what: string) => (job: Job) => {
    const { id, kind, clone, attempt, error } = job;
    const why = error === null ? {} : { code: error.code, reason: error.message };
    if (job.finishedAt !== null) ended(job);
    log.info(what, { job: id, kind, ...(clone === null ? {} : { clone }), attempt, ...why });
    return job;
  };
  return {
    ...store,
    async enqueue(job, options) {
      const taken = await store.enqueue(job, options);
      if (!taken.replayed) told('job accepted')(taken.job);
      return taken;
    },
    async claim(owner, limits) {
      const claimed = await store.claim(owner, limits);
      if (claimed !== undefined) told('job begun')(claimed.job);
      return claimed;
    },
    complete: (attempt, result, secrets) => store.complete(attempt, result, secrets).then(told('job completed')),
    fail: (attempt, error) => store.fail(attempt, error).then(told('job failed')),
    retryAt: (attempt, error, notBefore) =>
      store.retryAt(attempt, error, notBefore).then(told('job waits for another try')),
    release: (attempt) => store.release(attempt).then(told('job given back')),
    cancel: (id) => store.cancel(id).then(told('job to be cancelled')),
    reap: async (isAlive) => (await store.reap(isAlive)).map(told('job taken back from an agent that died')),
  };
}
