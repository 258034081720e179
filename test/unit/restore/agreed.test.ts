import { expect, it } from 'vitest';
import { decidedIn, refuseUndecided } from '../../../src/restore/plan/agreed.ts';
import type { Plan, PlanConflict, PlanItem } from '../../../src/restore/plan/schema.ts';

const sha256 = '0'.repeat(64);
const item = (id: string, take: PlanConflict['take']): PlanItem => ({
  id,
  group: 'content',
  title: id,
  change: 'changed',
  what: [],
  both: false,
  rows: 0,
  live: sha256,
  clone: sha256,
  conflict: { code: 'BOTH_CHANGED', message: 'text changed here and on the live site', take },
});
const planOf = (...items: PlanItem[]): Pick<Plan, 'items' | 'code' | 'uploads'> => ({ items, code: [], uploads: [] });

it('lets a plan through in which every conflict was decided, and names those that were not', () => {
  expect(() => refuseUndecided(planOf(item('page:2', 'clone'), item('page:3', 'live')))).not.toThrow();
  expect(() => refuseUndecided(planOf(item('page:2', 'clone'), item('page:3', null)))).toThrow(
    '1 conflicts have to be decided first: page:3',
  );
});

it('takes decisions from a plan, those about files too', () => {
  const upload = {
    id: 'upload:a.jpg',
    place: 'wp-content/uploads/a.jpg',
    change: 'changed' as const,
    size: 1,
    base: sha256,
    live: sha256,
    clone: sha256,
    conflict: { code: 'BOTH_CHANGED' as const, message: 'changed', take: 'live' as const },
  };
  const policy = { only: [], skip: [], take: null, delete: false, strict: false, include: [], decisions: {} };
  const plan = { ...planOf(item('page:2', 'clone'), item('page:3', null)), uploads: [upload], policy };
  expect(decidedIn(plan).decisions).toEqual({ 'page:2': 'clone', 'upload:a.jpg': 'live' });
});
