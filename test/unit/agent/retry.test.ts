import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LONGEST_WAIT, MAX_ATTEMPTS, retryDelay } from '../../../src/agent/jobs/retry.ts';
import { WpcloneError } from '../../../src/shared/errors.ts';

const unreachable = (retryAfter?: number): WpcloneError =>
  new WpcloneError('UNREACHABLE', 'It does not answer.', { retryable: true, retryAfter });

describe('another attempt', () => {
  it('never follows an error that would come again, such as a wrong password', () => {
    expect(retryDelay(new WpcloneError('LOGIN_FAILED', 'Wrong.'), 1, 0.5)).toBeUndefined();
  });

  it('follows twice, each later than a source asked for and never later than an hour', () => {
    fc.assert(
      fc.property(fc.nat(5), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(100_000), (failures, random, asked) => {
        const delay = retryDelay(unreachable(asked), failures, random);
        const earliest = Math.min(asked * 1000, LONGEST_WAIT);
        return failures >= MAX_ATTEMPTS
          ? delay === undefined
          : (delay ?? -1) >= earliest && (delay ?? 0) <= LONGEST_WAIT;
      }),
    );
    expect(retryDelay(unreachable(), MAX_ATTEMPTS, 1)).toBeUndefined();
  });

  it('is spread over the whole of its backoff, so that jobs that failed together do not come back together', () => {
    expect(retryDelay(unreachable(), 1, 0)).toBe(0);
    expect(retryDelay(unreachable(), 1, 1)).toBe(10_000);
    expect(retryDelay(unreachable(), 2, 1)).toBe(20_000);
  });

  it('follows for longer than ten minutes while the API server is away, and soon after it is back', () => {
    const away = new WpcloneError('CLUSTER_UNREACHABLE', 'It does not answer.', { retryable: true });
    const delays: number[] = [];
    for (let delay = retryDelay(away, 1, 0.5); delay !== undefined; delay = retryDelay(away, delays.length + 1, 0.5))
      delays.push(delay);
    expect(delays.reduce((sum, delay) => sum + delay)).toBeGreaterThan(10 * 60_000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(60_000);
  });
});
