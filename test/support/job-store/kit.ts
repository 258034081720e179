import type { ClaimedJob, JobStore } from '../../../src/agent/jobs/store.ts';
import type { JobOwner, NewJob } from '../../../src/agent/jobs/types.ts';

/** A store for one test, on a clock that the test moves. `again` opens the same jobs as another process would. */
export interface TestStore {
  readonly store: JobStore;
  readonly clock: { now: number };
  readonly again: () => JobStore;
  /** Everything the store has written, as one text, to look for what must not be there. */
  readonly written: () => string;
}

export const OWNER: JobOwner = { agent: 'a-1', pid: 101, startedAt: 'boot:1' };
export const OTHER: JobOwner = { agent: 'a-2', pid: 102, startedAt: 'boot:2' };
export const LIMITS = { perCustomer: 3, perSource: 2 };

export const newJob = (changes: Partial<NewJob> = {}): NewJob => ({
  kind: 'clone',
  customer: 'acme',
  clone: null,
  sourceHost: null,
  priority: 0,
  request: { source_url: 'https://mysite.example' },
  secrets: { source_password: 'canary-source' },
  confidential: {},
  traceparent: null,
  ...changes,
});

export const ERROR = { code: 'UNREACHABLE' as const, message: 'It does not answer.', next_steps: [] };

export type OpenStore = () => Promise<TestStore>;

/** The next job; fails the test when there is none. */
export async function claimed(store: JobStore, owner = OWNER): Promise<ClaimedJob> {
  const found = await store.claim(owner, LIMITS);
  if (found === undefined) throw new Error('there is no job to claim');
  return found;
}
