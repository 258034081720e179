import { afterEach, describe, expect, it } from 'vitest';
import { createClockGuard } from '../../../src/agent/daemon/clock-guard.ts';
import { type House, keepHouse } from '../../../src/agent/daemon/housekeeping.ts';
import { workContext } from '../../support/work.ts';

const MINUTE = 60_000;
const houses: House[] = [];
afterEach(async () => {
  for (const each of houses.splice(0)) await each.stop();
});

/** A house on clocks that the test moves; each of its sleeps ends when the test says so. */
function house(ends: () => readonly number[], mayTend = () => true) {
  const takenBack: number[] = [];
  const clock = { wall: Date.parse('2026-01-01T00:00:00Z'), true: 0 };
  const reaped: number[] = [];
  const warned: string[] = [];
  let wakeUp: () => void = () => undefined;
  const work = {
    ...workContext(),
    log: { ...workContext().log, warn: (message: string) => void warned.push(message) },
    now: () => clock.wall,
    sleep: (_milliseconds: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => {
        wakeUp = resolve;
        signal?.addEventListener('abort', () => resolve());
      }),
  };
  const kept = keepHouse(
    {
      // Only what the house asks them for.
      operations: {
        dueTimes: () => Promise.resolve(ends()),
        mayTend: () => Promise.resolve(mayTend()),
        collectGarbage: () => {
          reaped.push(clock.true);
          return Promise.resolve({ removed: [], failed: [] });
        },
        takeBack: () => {
          takenBack.push(clock.true);
          return Promise.resolve([]);
        },
      },
      store: { prune: () => Promise.resolve(0) },
      rememberJobs: MINUTE,
      monotonic: () => clock.true,
      look: () => undefined,
      isOver: () => false,
    },
    work,
  );
  houses.push(kept);
  /** Lets so much time pass by both clocks, then the wall clock jump, and one round be done. */
  const pass = async (milliseconds: number, jump = 0): Promise<void> => {
    clock.wall += milliseconds + jump;
    clock.true += milliseconds;
    wakeUp();
    await new Promise((resolve) => setTimeout(resolve, 5));
  };
  return { pass, reaped, takenBack, warned, clock, failed: () => kept.failed() };
}

describe('the house', () => {
  it('is cleared up every five minutes, and as soon as a clone is over', async () => {
    const end = Date.parse('2026-01-01T00:02:00Z');
    const { pass, reaped } = house(() => [end]);
    await pass(0);
    expect(reaped).toEqual([0]);
    await pass(MINUTE);
    expect(reaped).toEqual([0]);
    await pass(MINUTE);
    expect(reaped).toEqual([0, 2 * MINUTE]);
  });

  it('removes nothing for five minutes when the clock is two hours off, and goes on when it is set right', async () => {
    const end = Date.parse('2026-01-01T01:00:00Z');
    const { pass, reaped } = house(() => [end]);
    await pass(0);
    await pass(1000, 120 * MINUTE);
    await pass(4 * MINUTE);
    expect(reaped).toEqual([0]);
    // Set right again: that is a jump too.
    await pass(1000, -120 * MINUTE);
    await pass(6 * MINUTE);
    expect(reaped).toHaveLength(2);
  });

  it('removes nothing for five minutes when the clock is set back either, however long ago it last looked, and says so', async () => {
    const { pass, reaped, warned } = house(() => []);
    await pass(0);
    await pass(4 * MINUTE);
    await pass(1000, -120 * MINUTE);
    await pass(2 * MINUTE);
    expect(reaped).toEqual([0]);
    expect(warned).toEqual([expect.stringContaining('the clock was set')]);
    await pass(4 * MINUTE);
    expect(reaped).toHaveLength(2);
  });

  it('is left to another agent that sees the same clones, and cleared up as soon as that one is gone', async () => {
    let mine = false;
    const { pass, reaped, takenBack } = house(
      () => [],
      () => mine,
    );
    await pass(0);
    await pass(6 * MINUTE);
    expect(reaped).toEqual([]);
    // Its own jobs' leftovers are nobody else's affair.
    expect(takenBack).toHaveLength(2);
    mine = true;
    await pass(1000);
    expect(reaped).toEqual([6 * MINUTE + 1000]);
  });

  it('takes back what a job left as soon as it fails, whatever the clock says', async () => {
    const { pass, reaped, takenBack, failed } = house(() => []);
    await pass(0);
    await pass(1000, 120 * MINUTE);
    expect([reaped, takenBack]).toEqual([[0], [0]]);
    failed();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect([reaped, takenBack]).toEqual([[0], [0, 1000]]);
  });

  it('believes a clock that stays where it jumped to', async () => {
    const end = Date.parse('2026-01-01T01:00:00Z');
    const { pass, reaped } = house(() => [end]);
    await pass(0);
    await pass(1000, 120 * MINUTE);
    for (let minute = 0; minute < 5; minute += 1) await pass(MINUTE);
    expect(reaped).toHaveLength(2);
  });
});

it('a clock that drifts or stands still for a while is believed', () => {
  const clock = { wall: 0, true: 0 };
  const guard = createClockGuard(
    () => clock.wall,
    () => clock.true,
    workContext().log,
  );
  for (let look = 0; look < 100; look += 1) {
    clock.wall += 50_000;
    clock.true += 20_000;
    expect(guard.isSteady()).toBe(true);
  }
});
