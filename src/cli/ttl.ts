import { WpcloneError } from '../shared/errors.ts';

const UNITS = { m: 60, h: 3600, d: 86_400 } as const;
const LEAST = 60;
const MOST = 30 * 86_400;

/** `30m`, `2h`, `7d` in seconds. Throws BAD_TTL for anything else and outside 1 minute to 30 days. */
export function parseTtl(text: string): number {
  const match = /^(\d{1,6})([mhd])$/.exec(text.trim());
  const seconds = match === null ? Number.NaN : Number(match[1]) * UNITS[unit(match[2])];
  if (Number.isNaN(seconds)) throw new WpcloneError('BAD_TTL', `"${text}" is not a time to live.`);
  if (seconds < LEAST || seconds > MOST) {
    throw new WpcloneError('BAD_TTL', `A time to live of ${text} is outside 1 minute to 30 days.`);
  }
  return seconds;
}

function unit(letter: string | undefined): keyof typeof UNITS {
  return letter === 'h' || letter === 'd' ? letter : 'm';
}
