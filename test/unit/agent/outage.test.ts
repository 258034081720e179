import { afterEach, expect, it } from 'vitest';
import { endAttempt } from '../../../src/agent/jobs/ending.ts';
import { MAX_ATTEMPTS } from '../../../src/agent/jobs/retry.ts';
import type { ErrorCode } from '../../../src/shared/error-codes.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import { claimed, newJob } from '../../support/job-store/kit.ts';
import { sqliteStores } from '../../support/job-store/sqlite.ts';
import { workContext } from '../../support/work.ts';

const { open, clean } = sqliteStores();
afterEach(clean);

/** Long enough for whatever another attempt waits for. */
const LATER = 20 * 60_000;

it('a job that has outlived an outage of the cluster has all its attempts for whatever else fails, before and after it', async () => {
  const { store, clock } = open();
  const { job } = await store.enqueue(newJob());
  const { signal } = new AbortController();
  const work = { ...workContext(), now: () => clock.now };
  const fail = async (code: ErrorCode): Promise<string | undefined> => {
    const error = new WpcloneError(code, 'No.', { retryable: true });
    await endAttempt(store, await claimed(store), { ok: false, error }, signal, signal, work);
    clock.now += LATER;
    return (await store.find(job.id))?.state;
  };
  const outage = Array.from({ length: 2 * MAX_ATTEMPTS }, (): ErrorCode => 'CLUSTER_UNREACHABLE');
  for (const code of ['UNREACHABLE', ...outage, 'UNREACHABLE', 'CLUSTER_UNREACHABLE'] satisfies ErrorCode[])
    expect(await fail(code)).toBe('pending');
  expect(await store.find(job.id)).toMatchObject({ failures: 9, outages: 7, attempt: 10 });
  expect(await fail('UNREACHABLE')).toBe('failed');
});
