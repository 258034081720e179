import { describe, expect, it } from 'vitest';
import { afterFailure, afterSuccess, CLOSED, isOpen } from '../../../src/pool/breaker.ts';
import { planPool } from '../../../src/pool/planner.ts';

const NOW = 1_700_000_000_000;

describe('the breaker', () => {
  it('forgives two failures, then pauses longer each time, and forgets at a success', () => {
    let breaker = CLOSED;
    const pauses = Array.from({ length: 12 }, () => {
      breaker = afterFailure(breaker, 'no image', NOW);
      return breaker.pausedUntil - NOW;
    });
    expect(pauses.slice(0, 5)).toEqual([0, 0, 10_000, 20_000, 40_000]);
    expect(pauses.at(-1)).toBe(600_000);
    expect(isOpen(breaker, NOW)).toBe(true);
    expect(isOpen(breaker, NOW - 3600_000)).toBe(false);
    expect(afterSuccess()).toEqual(CLOSED);
  });

  it('keeps nobody from making units of one PHP version while those of another cannot be made, and is named', () => {
    const { actions, heldUp } = planPool({
      units: [],
      settings: {
        min: 1,
        max: 3,
        most: 5,
        recycle: 'never',
        phpVersions: ['7.4', '8.2'],
        revision: 'r',
        madeAfter: 0,
        mode: 'running',
      },
      demand: new Map(),
      breakers: { '7.4': { failures: 3, pausedUntil: NOW + 1, reason: 'no such image' } },
      now: NOW,
    });
    expect(actions).toMatchObject([{ do: 'make', phpVersion: '8.2' }]);
    expect(heldUp).toBe('units of PHP 7.4 could not be made 3 times: no such image');
  });
});
