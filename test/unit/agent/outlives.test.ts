import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/agent/jobs/types.ts';
import { isLeaseOver, leaseName, outlivesProcess } from '../../../src/agent/work/outlives.ts';

describe('what an attempt takes', () => {
  it('goes on without its process in a pod only, and only where the next attempt takes it up', () => {
    expect(outlivesProcess('kubernetes', 'clone')).toBe(true);
    expect(outlivesProcess('local', 'clone')).toBe(false);
    expect(outlivesProcess('kubernetes', 'restore')).toBe(false);
  });

  it('is in the name of the last one when that took nothing back, else in its own', () => {
    expect(leaseName({ id: 'job-x', epoch: 3 }, { lease: 'job-x.1' })).toBe('job-x.1');
    expect(leaseName({ id: 'job-x', epoch: 3 }, { name: 'mine' })).toBe('job-x.3');
  });

  it("is nobody's once its job has ended or was begun anew; of jobs of other agents nothing is said", async () => {
    const over = (lease: string, changes: Partial<Job> | undefined) => {
      const job = { finishedAt: null, epoch: 3, checkpoint: null, ...changes };
      return isLeaseOver(lease, () => Promise.resolve(changes && job));
    };
    expect(await over('job-x.1', { checkpoint: { lease: 'job-x.1' } })).toBe(false);
    expect(await over('job-x.1', { checkpoint: { lease: 'job-x.3' } })).toBe(true);
    expect(await over('job-x.1', {})).toBe(true);
    // It runs, and its work ends with its process: nothing is noted of it.
    expect(await over('job-x.3', {})).toBe(false);
    expect(await over('job-x.3', { finishedAt: 1 })).toBe(true);
    expect(await over('job-x.3', undefined)).toBe(false);
  });
});
