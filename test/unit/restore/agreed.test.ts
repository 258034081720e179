import { expect, it } from 'vitest';
import { agreedTo, decidedIn, refuseOther, refuseUndecided } from '../../../src/restore/plan/agreed.ts';
import type { Plan, PlanConflict, PlanItem } from '../../../src/restore/plan/schema.ts';

const sha256 = '0'.repeat(64);
const POLICY = { only: [], skip: [], take: null, delete: false, strict: false, include: [], decisions: {} };
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
const planOf = (...items: PlanItem[]): Pick<Plan, 'items' | 'code' | 'uploads' | 'policy'> => ({
  items,
  code: [],
  uploads: [],
  policy: POLICY,
});

it('lets a plan through in which every conflict was decided, and names those that were not', () => {
  expect(() => refuseUndecided(planOf(item('page:2', 'clone'), item('page:3', 'live')))).not.toThrow();
  expect(() => refuseUndecided(planOf(item('page:2', 'clone'), item('page:3', null)))).toThrow(
    '1 conflict has to be decided first: page:3',
  );
});

it('says what to do about a conflict that cannot be decided for the clone, when somebody tried', () => {
  const left = {
    ...planOf(item("term:it's", null), item('page:3', null)),
    policy: { ...POLICY, decisions: { "term:it's": 'clone' as const } },
  };
  const failure = (): unknown => {
    try {
      return refuseUndecided(left);
    } catch (error) {
      return error;
    }
  };
  expect(failure()).toMatchObject({
    message: "1 conflict cannot be decided for the clone: term:it's.",
    nextSteps: [expect.stringContaining(String.raw`--skip 'term:it'\''s'; the live site keeps what it has.`)],
  });
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
  const plan = { ...planOf(item('page:2', 'clone'), item('page:3', null)), uploads: [upload], policy: POLICY };
  expect(decidedIn(plan).decisions).toEqual({ 'page:2': 'clone', 'upload:a.jpg': 'live' });
});

it('agrees to files as to things: none may have changed on either side since, come or gone', () => {
  const upload = (name: string, clone: string | null, live: string | null = sha256): Plan['uploads'][number] => ({
    id: `upload:${name}`,
    place: `wp-content/uploads/${name}`,
    change: 'changed',
    size: 1,
    base: sha256,
    live,
    clone,
  });
  const plan = (...uploads: Plan['uploads']): Plan => {
    const rest = { baseline: sha256, policy: POLICY, plugins: { activate: [], deactivate: [] }, tables: [], notes: [] };
    const head = { kind: 'wpclone-restore-plan', version: 1, wpclone: 'x', token: sha256 } as const;
    const clone = { id: 'x', url: 'http://x.test', made_at: null };
    const counts = { meanwhile: [], conflicts: 0, changes: 1, planned_at: '', live: { url: '' } };
    return { ...head, ...rest, ...counts, clone, ...planOf(), uploads };
  };
  const other = '1'.repeat(64);
  const agreed = agreedTo(plan(upload('a.jpg', other), upload('b.jpg', null)));
  expect(() => refuseOther(agreed, plan(upload('a.jpg', other), upload('b.jpg', null)))).not.toThrow();
  for (const now of [
    plan(upload('a.jpg', other)),
    plan(upload('a.jpg', other), upload('b.jpg', sha256)),
    plan(upload('a.jpg', other, other), upload('b.jpg', null)),
    plan(upload('a.jpg', other), upload('b.jpg', null), upload('c.jpg', other, null)),
  ])
    expect(() => refuseOther(agreed, now)).toThrow('changed since the plan was made');
});
