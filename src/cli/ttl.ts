import { WpcloneError } from '../shared/errors.ts';

const UNITS = { m: 60, h: 3600, d: 86_400 } as const;
const LEAST = 60;
const MOST = 30 * 86_400;
/** Days that an agent keeps jobs at most. */
const MOST_DAYS_OF_JOBS = 365;

/** `30m`, `2h`, `7d` in seconds. Throws BAD_TTL for anything else and outside 1 minute to 30 days. */
export function parseTtl(text: string): number {
  const seconds = secondsOf(text);
  if (seconds === undefined) throw new WpcloneError('BAD_TTL', `"${text}" is not a time to live.`);
  if (seconds < LEAST || seconds > MOST) {
    throw new WpcloneError('BAD_TTL', `A time to live of ${text} is outside 1 minute to 30 days.`);
  }
  return seconds;
}

/** How long an agent keeps jobs after their end, in seconds. Throws BAD_INPUT for what is no time and outside 1 minute to 365 days. */
export function parseKeepJobs(text: string): number {
  const seconds = secondsOf(text);
  if (seconds !== undefined && seconds >= LEAST && seconds <= MOST_DAYS_OF_JOBS * UNITS.d) return seconds;
  const message = `Jobs are kept for at most ${MOST_DAYS_OF_JOBS} days after their end, and for a minute at the least; "${text}" is no such time.`;
  throw new WpcloneError('BAD_INPUT', message, { nextSteps: ['Give a time such as 12h, 30d or 365d.'] });
}

function secondsOf(text: string): number | undefined {
  const match = /^(\d{1,6})([mhd])$/.exec(text.trim());
  return match === null ? undefined : Number(match[1]) * UNITS[unit(match[2])];
}

function unit(letter: string | undefined): keyof typeof UNITS {
  return letter === 'h' || letter === 'd' ? letter : 'm';
}
