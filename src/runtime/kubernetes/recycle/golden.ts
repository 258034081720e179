import { LOOK_SECTIONS } from '../../../instance/declared.ts';
import type { Look } from '../../../instance/types.ts';
import type { UnitFinding } from '../../units.ts';

/** Differences that a finding names, and characters of each. */
const NAMED = 3;
const LENGTH = 160;

/** What of a unit is not as it was when it was first ready: a finding for each place in which something could have been left. */
export const compareWithGolden = (golden: Look, now: Look): readonly UnitFinding[] =>
  LOOK_SECTIONS.map((section) => {
    const more = without(now[section], golden[section]).map((line) => `there is ${line}`);
    const missing = without(golden[section], now[section]).map((line) => `there is no ${line}`);
    const all = [...more, ...missing];
    return { check: section, ok: all.length === 0, detail: named(all) };
  });

/** The lines of one that the other has not, as often as it has not. */
function without(one: readonly string[], other: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const line of other) left.set(line, (left.get(line) ?? 0) + 1);
  return one.filter((line) => {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    return count === 0;
  });
}

function named(lines: readonly string[]): string {
  const rest = lines.length > NAMED ? ` and ${lines.length - NAMED} more` : '';
  return `${lines
    .slice(0, NAMED)
    .map((line) => line.slice(0, LENGTH))
    .join('; ')}${rest}`;
}
