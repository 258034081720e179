/**
 * `claim-child.ts HOME CLAIMERS ROUNDS`: so many jobs of one process take whatever unit is warm, as long as there are rounds left, and put
 * a new one in the place of each that they got. Says at the end which they got, and how many milliseconds each took from the look on, as JSON.
 */
import { openState } from '../../src/state/open.ts';
import { ownerOf } from '../../src/runtime/local/lease.ts';
import type { State } from '../../src/state/types.ts';
import { workContext } from './work.ts';

const [home = '', claimers = '1', rounds = '1'] = process.argv.slice(2);
const context = workContext();
const state: State = openState(home, context);
const PORTS = { first: 20_000, last: 40_000, avoid: new Set<number>() };
const got: { readonly name: string; readonly took: number }[] = [];
let over = false;

async function claimer(index: number): Promise<void> {
  const lease = await ownerOf({ jobId: `job-${process.pid}-${index}` });
  for (let turn = 0; !over; turn += 1) {
    // SQLite answers at once: others, and the clock, must come in between.
    await new Promise((resolve) => setImmediate(resolve));
    const began = performance.now();
    const seen = (await state.units.list()).find(({ state: is }) => is === 'WARM');
    if (seen === undefined) continue;
    const clone = { id: `c-${process.pid}-${index}-${turn}`, sourceUrl: 'https://a.example', expiresAt: 0 };
    const changes = { state: 'ASSIGNED', lease, epoch: seen.epoch + 1 } as const;
    const taken = await state.units.assign(seen, clone, changes);
    if (taken === undefined) continue;
    got.push({ name: taken.name, took: performance.now() - began });
    await state.units.remove(taken.name);
    const number = Number(taken.name.split('-')[1]) + 1;
    over = number >= Number(rounds);
    await state.units.create(unit(number), undefined, PORTS);
    if (number >= Number(rounds)) return;
  }
}

function unit(number: number) {
  // The last one is for nobody: whoever sees it stops.
  const is = number >= Number(rounds) ? 'QUARANTINED' : 'WARM';
  return { name: `unit-${number}`, state: is, revision: 'r', databasePassword: 'p', epoch: 0, lease: null } as const;
}

if (claimers === '0') await state.units.create(unit(0), undefined, PORTS);
const watching = setInterval(() => {
  void state.units.list().then((units) => (over ||= units.some(({ state: is }) => is === 'QUARANTINED')));
}, 50);
await Promise.all(Array.from({ length: Number(claimers) }, (_, index) => claimer(index)));
clearInterval(watching);
state.close();
process.stdout.write(JSON.stringify(got));
