import { expect, it } from 'vitest';
import { compareDefinitions } from '../../../src/restore/schema/compare.ts';
import { decideTable } from '../../../src/restore/schema/decide.ts';
import { definitionOf } from '../../../src/restore/schema/parts.ts';
import type { PlanPackage, PlanPolicy } from '../../../src/restore/plan/schema.ts';

const POLICY: PlanPolicy = { only: [], skip: [], take: null, delete: false, strict: false, include: [], decisions: {} };
const INFO = { tablePrefix: 'wp_', writes: { uploads: true, free: null, tables: true } };
const FORMS: PlanPackage = {
  id: 'plugin:forms',
  title: 'plugin forms',
  change: 'changed',
  versions: { base: '1', live: '1', clone: '2' },
  files: [],
};
const STAYS: PlanPackage = { ...FORMS, kept: { code: 'NOT_CHOSEN', message: 'not asked for' } };
const parsed = (name: string, columns: string) =>
  definitionOf(name, `CREATE TABLE \`${name}\` (${columns}) ENGINE=InnoDB`);

/** What becomes of a table to which the clone did this. */
function fateOf(short: string, columns: string, policy: Partial<PlanPolicy> = {}, owner?: PlanPackage): string {
  const name = `wp_${short}`;
  const clone = parsed(name, columns);
  const difference = compareDefinitions(parsed(name, '`a` int(11) NOT NULL'), undefined, clone);
  const table = {
    ...difference,
    name,
    base: undefined,
    live: undefined,
    redefined: false,
    clone,
    rows: 0,
    collation: null,
  };
  const packages = new Map(owner ? [[short, owner] as const] : []);
  const { fate } = decideTable(table, packages, INFO, { ...POLICY, ...policy });
  return fate.conflict?.code ?? fate.kept?.code ?? 'goes';
}
const ADDED = '`a` int(11) NOT NULL, `b` int(11) NOT NULL';
const OTHER = '`a` varchar(20) NOT NULL';

it('what is added to a table goes, with its package or by itself, unless it is left out', () => {
  expect(fateOf('forms', ADDED)).toBe('goes');
  expect(fateOf('forms', ADDED, { only: ['plugin:forms'] }, FORMS)).toBe('goes');
  expect(fateOf('forms', '`a` bigint(20) DEFAULT NULL', {}, FORMS)).toBe('goes');
  expect(fateOf('forms', ADDED, { only: ['plugin:other'] })).toBe('NOT_CHOSEN');
  expect(fateOf('forms', ADDED, { skip: ['table:forms'] }, FORMS)).toBe('NOT_CHOSEN');
  expect(fateOf('forms', ADDED, {}, STAYS)).toBe('NOT_CHOSEN');
});

it('what is more than that is left to the code that goes, or somebody has to decide', () => {
  expect(fateOf('forms', OTHER, {}, FORMS)).toBe('LEFT_TO_CODE');
  expect(fateOf('forms', OTHER)).toBe('TABLE_ALTERED');
  expect(fateOf('forms', OTHER, { take: 'clone' })).toBe('TABLE_ALTERED');
  expect(fateOf('forms', OTHER, { take: 'live' })).toBe('LIVE_TAKEN');
});

it('tables of WordPress’s own stay, and so do those that never travel', () => {
  expect(fateOf('posts', ADDED)).toBe('NOT_WRITABLE');
  expect(fateOf('actionscheduler_more', ADDED)).toBe('PROTECTED');
  expect(fateOf('actionscheduler_more', ADDED, { include: ['machine'] })).toBe('goes');
});
