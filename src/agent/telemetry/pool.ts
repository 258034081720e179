import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { PoolPass } from '../../pool/keeper.ts';
import { isOpen } from '../../pool/breaker.ts';
import type { PoolEvent, PoolNote } from '../../pool/note.ts';

const REFILL_SECONDS = [0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120, 300];

/** What is told of the pool that this agent keeps; hears of each look at it. One that another keeps is told of by that one. */
export function poolMetrics(registers: Registry[], now: () => number): (pass: PoolPass, note: PoolNote) => void {
  const gauge = (name: string, help: string, ...labelNames: string[]): Gauge =>
    new Gauge({ name, help, labelNames, registers });
  const units = gauge('wpclone_pool_units', 'Instances by state, with those that hold clones.', 'state', 'php');
  const wanted = gauge('wpclone_pool_wanted_units', 'Instances that should be ready or in the making.', 'php');
  const breaker = gauge(
    'wpclone_pool_breaker_open',
    '1 while none of a PHP version is made because making failed again and again.',
  );
  const looked = gauge('wpclone_pool_last_look_seconds', 'Unix time of the last look at the pool.');
  const claims = new Counter({
    name: 'wpclone_pool_claims_total',
    help: 'Clones that were begun, by where their instance came from: it was ready, or it had to be made.',
    labelNames: ['unit'],
    registers,
  });
  const happened = new Counter({
    name: 'wpclone_pool_events_total',
    help: 'What happened to instances of the pool.',
    labelNames: ['what'],
    registers,
  });
  const refills = new Histogram({
    name: 'wpclone_pool_refill_seconds',
    help: 'Time to make an instance ahead.',
    buckets: REFILL_SECONDS,
    registers,
  });
  const recycled = recyclingMetrics(registers);
  let before: PoolNote | undefined;

  return ({ units: present }, note) => {
    units.reset();
    for (const { state, phpVersion: php } of present) units.inc({ state, php });
    for (const [php, size] of Object.entries(note.sizes)) wanted.set({ php }, size.units);
    breaker.set(Object.values(note.breakers).some((each) => isOpen(each, now())) ? 1 : 0);
    looked.set(note.lookedAt / 1000);
    const { warm, made } = (before ?? note).counted;
    claims.inc({ unit: 'warm' }, Math.max(0, note.counted.warm - warm));
    claims.inc({ unit: 'made' }, Math.max(0, note.counted.made - made));
    for (const event of eventsSince(note, before ?? note)) {
      happened.inc({ what: event.what });
      if (event.what === 'made' && event.seconds !== undefined) refills.observe(event.seconds);
      recycled(event);
    }
    before = note;
  };
}

function recyclingMetrics(registers: Registry[]): (event: PoolEvent) => void {
  const results = new Counter({
    name: 'wpclone_pool_recycles_total',
    help: 'Instances whose clone ended and that were made ready for another: clean, dirty, or unproven when that could not be told. The last two were set aside.',
    labelNames: ['result'],
    registers,
  });
  const dirty = new Counter({
    name: 'wpclone_pool_dirty_total',
    help: 'Places in which something was found after a reset.',
    labelNames: ['check'],
    registers,
  });
  const times = new Histogram({
    name: 'wpclone_pool_recycle_seconds',
    help: 'Time to reset an instance and to prove it clean.',
    buckets: REFILL_SECONDS,
    registers,
  });
  // From the start: a counter that appears with its first event shows no increase for it.
  for (const result of ['clean', 'dirty', 'unproven']) results.inc({ result }, 0);
  return ({ result, checks = [], seconds }) => {
    if (result === undefined) return;
    results.inc({ result });
    for (const check of checks) dirty.inc({ check });
    if (seconds !== undefined) times.observe(seconds);
  };
}

/** Of a list from whose beginning the oldest are dropped. */
function eventsSince({ events }: PoolNote, before: PoolNote): readonly PoolEvent[] {
  const last = before.events.at(-1);
  return last === undefined ? events : events.slice(events.lastIndexOf(last) + 1);
}
