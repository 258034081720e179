import type { Clock, Logger } from '../../shared/context.ts';

/** Milliseconds that the wall clock may move against the monotonic one between two looks. */
const JUMP = 60_000;
/** Milliseconds for which nothing is deleted after a jump: time for a person, or for NTP, to set the clock right again. */
const PAUSE = 5 * 60_000;

/** What wall time says about clones' ends can be believed as long as the clock only moves as time does. */
export interface ClockGuard {
  /** Look often: a jump is seen at the look after it. */
  isSteady(): boolean;
}

/** @param monotonic milliseconds since some moment, by a clock that nobody sets */
export function createClockGuard(now: Clock, monotonic: Clock, log: Logger): ClockGuard {
  let [wall, steady] = [now(), monotonic()];
  let steadyFrom = -Infinity;
  return {
    isSteady() {
      const [wallNow, trueNow] = [now(), monotonic()];
      const jump = wallNow - wall - (trueNow - steady);
      [wall, steady] = [wallNow, trueNow];
      if (Math.abs(jump) > JUMP) {
        steadyFrom = trueNow + PAUSE;
        log.warn('the clock was set, or the machine slept; nothing is removed for five minutes', {
          seconds: Math.round(jump / 1000),
        });
      }
      return trueNow >= steadyFrom;
    },
  };
}
