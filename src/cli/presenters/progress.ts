import type { StepCounters } from '../../shared/events.ts';
import { bytes, count, seconds } from '../../shared/format.ts';
import { fractionDone } from '../../shared/fraction-done.ts';
import type { Pace } from './pace.ts';

const BAR = 10;

/**
 * Counters of a step in a line: a bar, per cent, how much of how much, the rate, the time left, and what else there is room for.
 * What is worth least is left out first, and whole. `room` is in characters.
 */
export function progressText(counters: StepCounters, pace: Pace, room: number): string {
  let text = '';
  for (const part of partsOf(counters, pace)) {
    const longer = text === '' ? part : `${text}, ${part}`;
    if (text !== '' && longer.length > room) break;
    text = longer;
  }
  return text;
}

function partsOf(counters: StepCounters, { rate, left }: Pace): string[] {
  const { tables, rows, files, totalFiles, totalBytes } = counters;
  const share = fractionDone(counters);
  const parts: string[] = [];
  if (share !== undefined) parts.push(`${bar(share)} ${percent(share)}`);
  if (counters.bytes !== undefined) parts.push(bytes(counters.bytes) + (totalBytes ? ` of ${bytes(totalBytes)}` : ''));
  if (rate !== undefined) parts.push(`${bytes(rate)}/s`);
  if (left !== undefined) parts.push(`${left < 60 ? `${Math.ceil(left)} s` : seconds(left)} left`);
  if (tables !== undefined) parts.push(`${count(tables)} tables`);
  if (rows !== undefined) parts.push(`${count(rows)} rows`);
  if (files !== undefined) parts.push(`${count(files)}${totalFiles ? ` of ${count(totalFiles)}` : ''} files`);
  return parts;
}

function bar(share: number): string {
  const full = Math.floor(share * BAR);
  return '█'.repeat(full) + '░'.repeat(BAR - full);
}

/** Only a step that has ended is done: the size of a database is its server's estimate, and keys come after the rows. */
const percent = (share: number): string => `${String(Math.min(Math.floor(share * 100), 99)).padStart(2)} %`;
