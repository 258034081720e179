import { describe, expect, it } from 'vitest';
import { isLeaseOver, leaseName } from '../../../src/agent/work/outlives.ts';
import type { Job } from '../../../src/agent/jobs/types.ts';

const job = (changes: Partial<Job>): Job => ({ id: 'job-x', kind: 'clone', failures: 0, epoch: 1, ...changes }) as Job;

describe('what an attempt takes', () => {
  it('in a pod, is in the name of those before it, until one fails; on this machine each has its own', () => {
    expect(leaseName('kubernetes', job({ epoch: 3 }))).toBe('job-x.0');
    expect(leaseName('kubernetes', job({ epoch: 3, failures: 1 }))).toBe('job-x.1');
    expect(leaseName('local', job({ epoch: 3 }))).toBe('job-x.3');
    expect(leaseName('kubernetes', job({ epoch: 3, kind: 'restore' }))).toBe('job-x.3');
  });

  it("is nobody's once its job has ended or was begun anew; of jobs of other agents nothing is said", async () => {
    const over = (lease: string, found: Partial<Job> | undefined) =>
      isLeaseOver(lease, () => Promise.resolve(found && job({ finishedAt: null, ...found })));
    expect(await over('job-x.0', {})).toBe(false);
    expect(await over('job-x.0', { failures: 1 })).toBe(true);
    expect(await over('job-x.1', { failures: 1 })).toBe(false);
    expect(await over('job-x.0', { finishedAt: 1 })).toBe(true);
    expect(await over('job-x.0', undefined)).toBe(false);
  });
});
