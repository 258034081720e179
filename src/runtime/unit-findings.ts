import type { LeftInside } from '../instance/types.ts';
import type { UnitFinding } from './units.ts';

/** What a unit's own look at itself says about whether it can be handed out: nothing of anybody may be in it. */
export const emptyFindings = ({ files, tables, mail }: LeftInside): readonly UnitFinding[] => [
  found('empty-files', files),
  found('empty-database', tables),
  found('no-mail', mail),
];

const found = (check: UnitFinding['check'], left: number): UnitFinding => ({
  check,
  ok: left === 0,
  detail: left === 0 ? '' : `${left} left`,
});

/** For people: what speaks against handing it out; empty when nothing does. */
export const whyUnfit = (findings: readonly UnitFinding[]): string =>
  findings
    .filter(({ ok }) => !ok)
    .map(({ check, detail }) => `${check} ${detail}`.trim())
    .join(', ');
