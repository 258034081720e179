import type { StepCounters } from '../../shared/events.ts';

/** How much had come by when; milliseconds. */
interface Sample {
  readonly at: number;
  readonly bytes: number;
}

/** How fast a step goes, and what that is told from. */
export interface Pace {
  readonly samples: readonly Sample[];
  /** Bytes per second, of the last seconds. */
  readonly rate?: number;
  /** Seconds to the end at this rate. */
  readonly left?: number;
}

/** Of a step that has only begun, or begins again. */
export const NO_PACE: Pace = { samples: [] };

/** Milliseconds that a rate is told from: long enough not to flicker, short enough to follow a network that changes. */
const WINDOW = 5_000;
/** Milliseconds before the first rate: buffers that fill up are no rate. */
const FIRST = 1_000;
/** Events nearer to each other than this, in milliseconds, are what was told before and is read at once, as of a job that one joins. */
const AT_ONCE = 50;

/** The pace once these counters have come in. */
export function nextPace({ samples }: Pace, { bytes, totalBytes }: StepCounters, at: number): Pace {
  if (bytes === undefined) return { samples };
  const last = samples.at(-1);
  // A transfer that was cut off begins again with less.
  const before = last !== undefined && bytes < last.bytes ? [] : samples;
  const apart = last !== undefined && at - last.at < AT_ONCE ? before.slice(0, -1) : before;
  const kept = [...apart.filter((each) => at - each.at <= WINDOW), { at, bytes }];
  const first = kept[0];
  if (first === undefined || at - first.at < FIRST) return { samples: kept };
  const rate = ((bytes - first.bytes) * 1000) / (at - first.at);
  const rest = (totalBytes ?? 0) - bytes;
  return { samples: kept, rate, ...(rate > 0 && rest > 0 ? { left: rest / rate } : {}) };
}
