import { beforeAll, expect, test } from 'vitest';
import { type Cut, type Moment, useKilledClaims } from './killed-claims.ts';
import { useNamespace } from './support.ts';

const namespace = useNamespace('claim-killed');
const claims = useKilledClaims(namespace);

const POD = /^PATCH .*\/pods\/unit-/;
const ASSIGN = /\/assign$/;
const locked: Cut = (call) => /^POST .*\/secrets$/.test(call);
const taken: Cut = (call) => POD.test(call);
const assigned: Cut = (call) => ASSIGN.test(call);
/** The change that makes the clone ready, after its unit knows it. */
function committed(): Cut {
  let knows = false;
  return (call) => {
    knows ||= ASSIGN.test(call);
    return knows && POD.test(call);
  };
}

const CUTS: readonly [what: string, cut: Cut, moment: Moment, next: 'warm' | 'taken-up' | 'done'][] = [
  ['the name is locked', locked, 'after', 'warm'],
  ['the unit is taken', taken, 'after', 'taken-up'],
  ['the unit knows its clone', assigned, 'after', 'taken-up'],
  ['the clone is about to be ready', committed(), 'before', 'taken-up'],
  ['the clone is ready', committed(), 'after', 'done'],
];

beforeAll(async () => {
  // One for each test, and no more: nobody has to be made a unit.
  await Promise.all(CUTS.map(() => claims.warm()));
});

test.each(CUTS)(
  'a job that is killed when %s has one unit, and its next attempt goes on with that',
  async (_what, cut, moment, next) => {
    const attempt = await claims.attempt(cut, moment);
    expect(attempt.killed).toBe(true);
    const before = (await claims.holders(attempt.id)).map(({ name }) => name);
    expect(before).toHaveLength(next === 'warm' ? 0 : 1);
    expect(await claims.goOn(attempt)).toBe(next);
    const [unit, ...more] = await claims.holders(attempt.id);
    expect([unit?.state, more]).toEqual(['READY', []]);
    expect(unit?.name).toBe(before[0] ?? unit?.name);
    const name = `wpclone-${attempt.id}`;
    expect(await namespace.belongings(attempt.id)).toEqual([
      `pods/${unit?.name}`,
      `secrets/${name}`,
      `services/${name}`,
    ]);
  },
);

test('what a killed job took is taken back where nobody goes on with it, its name too', async () => {
  await Promise.all([claims.warm(), claims.warm()]);
  for (const cut of [locked, assigned]) {
    const attempt = await claims.attempt(cut, 'after');
    expect(attempt.killed).toBe(true);
    expect(await claims.takeBack(attempt)).toEqual([attempt.id]);
    expect(await namespace.belongings(attempt.id)).toEqual([]);
  }
});
