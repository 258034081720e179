import { describe, expect, it } from 'vitest';
import { colorsFor } from '../../src/cli/colors.ts';
import { nextPace, NO_PACE, type Pace } from '../../src/cli/presenters/pace.ts';
import { progressText } from '../../src/cli/presenters/progress.ts';
import { rowsOf } from '../../src/cli/presenters/rows.ts';
import type { StepCounters } from '../../src/shared/events.ts';

const MB = 1_000_000;
const TOTAL = 913 * MB;

/** The pace after counters that came in at these times: milliseconds, and bytes. */
const paceOf = (...samples: readonly (readonly [number, number])[]): Pace =>
  samples.reduce((pace, [at, bytes]) => nextPace(pace, { bytes, totalBytes: TOTAL }, at), NO_PACE);

describe('the pace of a step', () => {
  it('is told once there is something to tell it from, and from the last seconds', () => {
    expect(paceOf([0, 0], [900, 90 * MB]).rate).toBeUndefined();
    expect(paceOf([0, 0], [1_000, 100 * MB])).toMatchObject({ rate: 100 * MB, left: 8.13 });
    const slower = Array.from({ length: 100 }, (_, tenth) => [2_000 + tenth * 100, (200 + tenth) * MB] as const);
    expect(paceOf([0, 0], [1_000, 100 * MB], ...slower).rate).toBeCloseTo(10 * MB);
  });

  it('is not that of what was told before and is read at once', () => {
    const told = Array.from({ length: 50 }, (_, index) => [1_000 + index, index * 10 * MB] as const);
    expect(paceOf(...told, [2_149, 500 * MB]).rate).toBeCloseTo((10 * MB * 1_000) / 1_100);
  });

  it('begins anew where a transfer does', () => {
    expect(paceOf([0, 0], [1_000, 100 * MB], [1_500, 0]).rate).toBeUndefined();
    expect(paceOf([0, 0], [1_000, 100 * MB], [1_500, 0], [3_500, 20 * MB]).rate).toBe(10 * MB);
  });

  it('knows no time left when nothing moves, and none beyond an estimate', () => {
    expect(paceOf([0, MB], [2_000, MB])).toMatchObject({ rate: 0 });
    expect(paceOf([0, MB], [2_000, MB]).left).toBeUndefined();
    expect(paceOf([0, 0], [2_000, TOTAL + MB]).left).toBeUndefined();
  });
});

describe('the progress of a step', () => {
  const counters: StepCounters = { bytes: 383 * MB, totalBytes: TOTAL, files: 3_840, totalFiles: 9_120 };
  const pace: Pace = { samples: [], rate: 120 * MB, left: 4.4 };

  it('is a bar, per cent, rate and time left, and what else there is room for, whole', () => {
    expect(progressText(counters, pace, 100)).toBe(
      '████░░░░░░ 41 %, 383 MB of 913 MB, 120 MB/s, 5 s left, 3,840 of 9,120 files',
    );
    expect(progressText(counters, pace, 67)).toBe('████░░░░░░ 41 %, 383 MB of 913 MB, 120 MB/s, 5 s left');
    expect(progressText(counters, { ...pace, left: 75 }, 100)).toContain(', 1 min 15 s left, ');
    expect(progressText(counters, pace, 5)).toBe('████░░░░░░ 41 %');
  });

  it('is never all before the step has ended, and by files where nothing is fetched', () => {
    expect(progressText({ bytes: 2 * MB, totalBytes: MB }, NO_PACE, 100)).toBe('██████████ 99 %, 2.0 MB of 1.0 MB');
    const kept = { bytes: 0, totalBytes: 0, files: 5, totalFiles: 10 };
    expect(progressText(kept, NO_PACE, 100)).toBe('█████░░░░░ 50 %, 0 B, 5 of 10 files');
    expect(progressText({ tables: 3 }, NO_PACE, 100)).toBe('3 tables');
  });

  it('fits a line of 80 columns, at any size and rate', () => {
    let now = 0;
    const [row] = rowsOf(['database'], colorsFor({ isTTY: false }, [], {}), { now: () => now, columns: () => 80 });
    for (const bytes of [0, 999_400, 99_900_000, 123_456_789_012]) {
      now += 1_500;
      const seen = { bytes, totalBytes: 999 * 1_000 * MB, tables: 1_234, rows: 123_456_789 };
      row?.take({ type: 'step-progress', step: 'database', counters: seen });
      expect(row?.title().length).toBeLessThanOrEqual(78);
      expect(row?.title()).toMatch(/^database {3}[█░]{10} [ \d]\d %, [\d.]+ k?M?G?B of 999 GB/);
    }
    expect(row?.title()).toMatch(/GB\/s, \d+ s left/);
  });
});
