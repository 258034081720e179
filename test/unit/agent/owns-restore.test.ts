import { expect, it } from 'vitest';
import { ownsRestore } from '../../../src/agent/http/restore-job.ts';
import type { Job, JobFilter } from '../../../src/agent/jobs/types.ts';

/** What a store is asked for; this one gives two jobs at once, newest first, where a real one gives hundreds. */
const jobs = ['e', 'd', 'c', 'b', 'a'].map((id) => ({ id, request: { request: { restore: `rst-${id}` } } }) as unknown as Job); // prettier-ignore
const list = ({ before }: JobFilter = {}): Promise<readonly Job[]> => {
  const at = before === undefined ? 0 : jobs.findIndex(({ id }) => id === before) + 1;
  return Promise.resolve(jobs.slice(at, at + 2));
};

it('a customer’s restore is its own however many came after it', async () => {
  const caller = { customer: 'mine' } as unknown as Parameters<typeof ownsRestore>[1];
  const owns = (restore: string): Promise<boolean> =>
    ownsRestore({ list }, caller, { restore_id: restore, clone_id: 'x' } as unknown as Parameters<
      typeof ownsRestore
    >[2]);
  expect([await owns('rst-e'), await owns('rst-a'), await owns('rst-other')]).toEqual([true, true, false]);
});
