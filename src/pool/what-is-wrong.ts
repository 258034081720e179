import type { UnitFinding } from '../runtime/units.ts';

/** For people: what was found to speak against handing a unit out; empty when nothing was. */
export const whatIsWrong = (findings: readonly UnitFinding[]): string =>
  findings
    .filter(({ ok }) => !ok)
    .map(({ check, detail }) => `${check} ${detail}`.trim())
    .join(', ');
