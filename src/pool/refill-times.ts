/** How long making a unit took lately, by sub-pool. */
export interface RefillTimes {
  add(phpVersion: string, milliseconds: number): void;
  /** 95 % of them were faster; a guess while nothing is known. */
  of(phpVersion: string): number;
}

/** Refills that are remembered: enough for one in twenty to count. */
const REMEMBERED = 40;
/** Milliseconds before anything is known. */
const GUESS = 5_000;

export function createRefillTimes(): RefillTimes {
  const times = new Map<string, number[]>();
  return {
    add(phpVersion, milliseconds) {
      times.set(phpVersion, [...(times.get(phpVersion) ?? []), milliseconds].slice(-REMEMBERED));
    },
    of(phpVersion) {
      const sorted = (times.get(phpVersion) ?? []).toSorted((one, other) => one - other);
      return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.95))] ?? GUESS;
    },
  };
}
