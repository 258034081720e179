import type { Clock } from '../../shared/context.ts';

/** How many seconds' worth of requests may come at once. */
const BURST_SECONDS = 10;
/** Buckets that are full again are as good as none; looked for when there are so many. */
const MOST = 1000;

/** A token bucket for each key. `take` returns 0, or the seconds until there is one again. */
export function createBucket(perSecond: number, now: Clock): { take(key: string): number } {
  const capacity = perSecond * BURST_SECONDS;
  const levels = new Map<string, { level: number; at: number }>();
  const levelAt = ({ level, at }: { level: number; at: number }, time: number): number =>
    Math.min(capacity, level + (Math.max(0, time - at) / 1000) * perSecond);
  return {
    take(key) {
      const time = now();
      if (levels.size > MOST) for (const [old, one] of levels) if (levelAt(one, time) === capacity) levels.delete(old);
      const level = levelAt(levels.get(key) ?? { level: capacity, at: time }, time);
      const left = level - 1;
      levels.set(key, { level: Math.max(left, level < 1 ? level : 0), at: time });
      return left >= 0 ? 0 : (1 - level) / perSecond;
    },
  };
}
