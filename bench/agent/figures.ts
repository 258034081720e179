import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds that each of some things took. */
export type Times = number[];

export function at(times: readonly number[], share: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const said = (times: readonly number[]): string =>
  `p50 ${at(times, 0.5).toFixed(1)}, p95 ${at(times, 0.95).toFixed(1)}, p99 ${at(times, 0.99).toFixed(1)}, worst ${at(times, 1).toFixed(1)} ms`;

export const saidSeconds = (times: readonly number[]): string =>
  `p50 ${(at(times, 0.5) / 1000).toFixed(2)}, p95 ${(at(times, 0.95) / 1000).toFixed(2)}, worst ${(at(times, 1) / 1000).toFixed(2)} s`;

export async function timed(times: Times, work: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await work();
  times.push(performance.now() - start);
}

/** So often a second, whether or not the one before has ended: what is slow must not make the next one late. */
export async function steadily(
  perSecond: number,
  seconds: number,
  work: (n: number) => Promise<unknown>,
): Promise<Times> {
  const times: Times = [];
  const start = performance.now();
  const all: Promise<void>[] = [];
  for (let n = 0; n < perSecond * seconds; n += 1) {
    await sleep(Math.max(0, start + (n * 1000) / perSecond - performance.now()));
    all.push(timed(times, () => work(n)));
  }
  await Promise.all(all);
  return times;
}
