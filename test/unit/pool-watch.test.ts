import { describe, expect, it } from 'vitest';
import { colorsFor } from '../../src/cli/colors.ts';
import { screenLines } from '../../src/cli/pool-watch/screen.ts';
import { logged, press, START, type WatchState } from '../../src/cli/pool-watch/state.ts';
import type { PoolReport } from '../../src/operations/pool.ts';
import { poolReportWith, unitReportWith } from '../support/pool-report.ts';

const plain = colorsFor({ isTTY: false }, [], {});
const NOW = Date.parse('2026-01-01T00:01:00.000Z');
const AT = '2026-01-01T00:00:00.000Z';
const pool = (units: number): PoolReport =>
  poolReportWith({
    sub_pools: [{ php: '8.2', warm: units, making: 0, wanted: 1, why: 'quiet', refill_seconds: null }],
    units: Array.from({ length: units }, (_, index) => unitReportWith({ name: `unit-${index}` })),
    clones: { since: AT, from_pool: 3, made: 1, last_hour: { from_pool: 1, made: 0 } },
    events: [{ at: AT, what: 'made', unit: 'unit-0', why: 'in 1.0 s\u001b[2J' }],
  });
const typed = (state: WatchState, ...keys: string[]) =>
  keys.reduce(([now], key) => press(now, key), [state] as ReturnType<typeof press>);

describe('a key', () => {
  it('chooses among the units there are, also when they have become fewer', () => {
    const state = { ...START, pool: pool(3) };
    expect(typed(state, 'down', 'down', 'down', 'down')[0].chosen).toBe(2);
    expect(typed({ ...state, chosen: 2, pool: pool(1) }, 'up')[0].chosen).toBe(0);
    expect(typed(START, 'down', 'up', 'l')).toEqual([{ ...START }]);
  });

  it('pauses and resumes at once; what takes units away is asked for once more', () => {
    const state = { ...START, pool: pool(1) };
    expect(press(state, 'p')[1]).toEqual({ do: 'act', action: 'pause' });
    expect(press(state, 'r')[1]).toEqual({ do: 'act', action: 'resume' });
    for (const [key, action] of [
      ['d', 'drain'],
      ['x', 'reset'],
    ] as const) {
      expect(press(state, key)).toEqual([{ ...state, asking: action }]);
      expect(typed(state, key, 'y')).toEqual([state, { do: 'act', action }]);
      for (const other of ['n', 'p', key, 'escape', 'q']) expect(typed(state, key, other)).toEqual([state]);
    }
  });

  it('shows the logs of the chosen unit, and Esc or q only leads back from them', () => {
    const state = { ...START, pool: pool(2), chosen: 1 };
    const [shown, effect] = press(state, 'l');
    expect(effect).toEqual({ do: 'logs', unit: 'unit-1' });
    expect(logged(shown, 'unit-0', 'late')).toBe(shown);
    expect(logged(shown, 'unit-1', 'a line').logs?.lines).toEqual(['a line']);
    for (const key of ['escape', 'q']) expect(press(shown, key)).toEqual([state, { do: 'no-logs' }]);
    expect(press(shown, 'd')).toEqual([shown]);
    expect(press(shown, 'ctrl-c')[1]).toEqual({ do: 'leave' });
  });
});

describe('the screen', () => {
  const lines = (state: WatchState, rows: number) => screenLines(state, { columns: 80, rows }, plain, NOW);

  it('has never more lines than the terminal, and the keys always last', () => {
    for (let rows = 1; rows < 60; rows += 1) {
      for (const state of [START, { ...START, pool: pool(0) }, { ...START, pool: pool(40), chosen: 30 }]) {
        const shown = lines(state, rows);
        expect(shown.length).toBeLessThanOrEqual(Math.max(1, rows));
        expect(shown.at(-1)).toMatch(/q quit/);
      }
    }
  });

  it('keeps the chosen unit in sight, says why the pool is as large as it is, and how many clones it served', () => {
    const shown = lines({ ...START, pool: pool(40), chosen: 30 }, 24).join('\n');
    expect(shown).toMatch(/^▸ unit-30 /m);
    expect(shown).toContain('1 wanted');
    expect(shown).toMatch(/^Why +quiet$/m);
    expect(shown).toContain('3 of 4 clones from the pool (75 %)');
  });

  it('cuts off nothing that matters at 80 columns: the question, what came of a key, why the pool is as large as it is', () => {
    const why = '12.5 claims a minute, 33.1 s to make one: 12 needed, at most 10 allowed';
    const sizes = { why, refill_seconds: { median: 33.1, p95: 40 } };
    const busy = { ...pool(2), sub_pools: pool(2).sub_pools.map((sub) => ({ ...sub, ...sizes })) };
    const state = { ...START, pool: busy };
    const seen = (of: WatchState) => lines(of, 24).map((line) => line.slice(0, 80));
    expect(seen(state).join('\n')).toContain(why);
    expect(seen(state).join('\n')).toContain('1 of 1 in the last hour');
    for (const asking of ['drain', 'reset'] as const)
      expect(seen({ ...state, asking }).at(-1)).toMatch(/y yes {3}any other key: no$/);
    const told = seen({ ...state, said: 'drain: done' });
    expect(told.slice(-2)).toEqual(['drain: done', expect.stringMatching(/q quit$/)]);
    expect(told).toHaveLength(seen(state).length);
  });

  it('lets nothing that comes from a unit steer the terminal', () => {
    const state = { ...START, pool: pool(1), problem: 'bad\u001b[2J' };
    const logs = { ...START, logs: { unit: 'unit-0', lines: ['\u001b]0;title\u0007'] } };
    for (const text of [lines(state, 40).join('\n'), lines(logs, 40).join('\n')])
      // oxlint-disable-next-line no-control-regex -- what must not be there
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});
