import { describe, expect, test } from 'vitest';
import { withRetry } from '../../../src/runtime/kubernetes/api/retry.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';
import { failureOf } from '../../support/work.ts';

/** A clock that only moves by sleeping. */
function clock() {
  let now = 0;
  const slept: number[] = [];
  return {
    slept,
    waiting: {
      signal: new AbortController().signal,
      now: () => now,
      sleep: async (milliseconds: number) => {
        slept.push(milliseconds);
        now += milliseconds;
      },
    },
    seconds: () => now / 1000,
  };
}

const away = (retryAfter?: number) => new WpcloneError('CLUSTER_UNREACHABLE', 'away', { retryable: true, retryAfter });

/** Fails so many times, then answers. */
function failing(times: number, error: WpcloneError) {
  let calls = 0;
  return async () => {
    calls += 1;
    if (calls <= times) throw error;
    return calls;
  };
}

describe('a call to the API server', () => {
  test('survives an outage of a minute once the server has answered', async () => {
    const { waiting, seconds } = clock();
    expect(await withRetry({ hasAnswered: () => true }, waiting, failing(18, away()))).toBe(19);
    expect(seconds()).toBeGreaterThan(55);
  });

  test('gives up after a minute and a half, with the server’s own error', async () => {
    const { waiting, seconds } = clock();
    const error = await failureOf(withRetry({ hasAnswered: () => true }, waiting, failing(1000, away())));
    expect(error.code).toBe('CLUSTER_UNREACHABLE');
    expect(seconds()).toBeLessThanOrEqual(90);
  });

  test('gives up within seconds when the address never answered', async () => {
    const { waiting, seconds } = clock();
    await failureOf(withRetry({ hasAnswered: () => false }, waiting, failing(1000, away())));
    expect(seconds()).toBeLessThanOrEqual(4);
  });

  test('waits as long as it is asked to (429), and tells whoever watches', async () => {
    const { waiting, slept } = clock();
    const told: number[] = [];
    await withRetry({ hasAnswered: () => true }, waiting, failing(2, away(7)), (_error, seconds) => told.push(seconds));
    expect(slept).toEqual([7000, 7000]);
    expect(told).toEqual([7, 7]);
  });

  test('is not repeated when that cannot help', async () => {
    const { waiting, slept } = clock();
    const refused = new WpcloneError('CLUSTER_FORBIDDEN', 'no');
    expect(await failureOf(withRetry({ hasAnswered: () => true }, waiting, failing(1, refused)))).toBe(refused);
    expect(slept).toEqual([]);
  });
});
