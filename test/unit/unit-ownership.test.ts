import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import type { LocalHome } from '../../src/runtime/local/home.ts';
import { localLayout } from '../../src/runtime/local/layout.ts';
import { endLease, leaseForRemoval, ownerOf, takeUnit } from '../../src/runtime/local/lease.ts';
import { openState } from '../../src/state/open.ts';
import type { UnitRow } from '../../src/state/types.ts';
import { makeTemp } from '../support/temp.ts';
import { workContext } from '../support/work.ts';

const JOBS = ['job-a', 'job-b', 'job-c'] as const;
const UNITS = ['u-0', 'u-1'] as const;
type Action = {
  readonly job: (typeof JOBS)[number];
  readonly unit: (typeof UNITS)[number];
  readonly kind: 'look' | 'assign' | 'reset' | 'remove' | 'commit' | 'release' | 'die';
};

/** Two connections to one file, as two processes have them; every job uses either. */
function twoHomes(): [LocalHome, LocalHome] {
  const home = join(makeTemp('ownership'), 'home');
  mkdirSync(home);
  const homes = [0, 1].map(() => ({ layout: localLayout(home), state: openState(home, workContext()), path: '' }));
  onTestFinished(() => homes.forEach(({ state }) => state.close()));
  const [one, other] = homes;
  if (one === undefined || other === undefined) throw new Error('there are two');
  return [one, other];
}

const action: fc.Arbitrary<Action> = fc.record({
  job: fc.constantFrom(...JOBS),
  unit: fc.constantFrom(...UNITS),
  kind: fc.constantFrom('look', 'look', 'assign', 'assign', 'reset', 'remove', 'commit', 'release', 'die'),
});

/** What happens at one moment: every job does one thing after the other, so each is in it once at most. */
const atOnce = fc.uniqueArray(action, { minLength: 1, maxLength: JOBS.length, selector: ({ job }) => job });

test('two jobs never own one unit, whatever they saw and whenever they saw it, and epochs only grow', async () => {
  const [one, other] = twoHomes();
  let round = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(atOnce, { maxLength: 20 }), async (steps) => {
      round += 1;
      const nameOf = (unit: string): string => `${unit}-${round}`;
      /** What each job saw when it last looked, and what it has. The model: whoever has a unit is the only one. */
      const seen = new Map<string, UnitRow>();
      const owned = new Map<string, UnitRow>();
      const dead = new Set<string>();
      const epochs = new Map<string, number>();
      for (const unit of UNITS) {
        const row = {
          name: nameOf(unit),
          state: 'WARM',
          revision: '',
          databasePassword: 'x',
          epoch: 0,
          lease: null,
        } as const;
        await one.state.units.create(row, undefined, { first: 1, last: 99_999, avoid: new Set() });
      }
      const play = async ({ job, unit, kind }: Action): Promise<void> => {
        const home = job === 'job-a' ? one : other;
        const [key, name] = [`${job} ${unit}`, nameOf(unit)];
        const has = owned.get(key);
        if (kind === 'look') {
          const row = await home.state.units.find(name);
          if (row !== undefined) seen.set(key, row);
          return;
        }
        if (kind === 'commit' || kind === 'release') {
          if (has === undefined) return;
          const ended = await endLease(home, has, kind === 'commit' ? { state: 'READY' } : {});
          // A job that is alive keeps what it has: nobody may have taken it.
          if (ended === undefined && !dead.has(key)) throw new Error(`${key} lost it`);
          owned.delete(key);
          return;
        }
        if (kind === 'die') {
          if (has === undefined) return;
          const lease = { jobId: job, pid: 2 ** 22 + 1, startedAt: 'of a process that is gone' };
          const left = await home.state.units.change(has, { lease });
          if (left === undefined) return;
          owned.set(key, left);
          dead.add(key);
          return;
        }
        const row = seen.get(key);
        if (row === undefined) return;
        const taken =
          kind === 'assign'
            ? await claim(home, row, job, `${key} ${round}`.replaceAll(' ', '-'))
            : kind === 'reset'
              ? await takeUnit(home, row, 'RESETTING', { jobId: job })
              : await leaseForRemoval(home, row, { jobId: job }).catch(() => undefined);
        if (taken === undefined) return;
        const holders = [...owned].filter(([who]) => who.endsWith(` ${unit}`) && !dead.has(who) && who !== key);
        expect(holders).toEqual([]);
        for (const [who] of owned) {
          // Whoever died has lost it to the one who took it.
          if (who.endsWith(` ${unit}`) && who !== key) owned.delete(who);
        }
        expect(taken.epoch).toBeGreaterThan(epochs.get(unit) ?? -1);
        epochs.set(unit, taken.epoch);
        dead.delete(key);
        owned.set(key, taken);
      };
      for (const step of steps) await Promise.all(step.map(play));
    }),
    { numRuns: 150 },
  );
});

/** As a claim does it. */
async function claim(home: LocalHome, seen: UnitRow, jobId: string, id: string): Promise<UnitRow | undefined> {
  if (seen.state !== 'WARM' || seen.lease !== null) return undefined;
  const changes = { state: 'ASSIGNED', lease: await ownerOf({ jobId }), epoch: seen.epoch + 1 } as const;
  return home.state.units.assign(seen, { id, sourceUrl: 'http://a.example', expiresAt: 1 }, changes);
}
