import type { WorkContext } from '../shared/context.ts';
import type { UnitReport, Units } from '../runtime/units.ts';

/** Milliseconds between two looks. */
const LOOK = 200;
/** Milliseconds after which a clone has a unit made for itself: others may be waiting for the same, and it must not lose more than this. */
const PATIENCE = 5_000;

/**
 * Before a clone asks for a unit: waits while none is ready but one is being made for nobody, which was begun before this clone's own
 * could be. Returns whether it waited for one and there is one now. `php`: no other will do.
 */
export async function awaitUnit(
  units: Pick<Units, 'list' | 'revision'>,
  php: string | undefined,
  context: WorkContext,
): Promise<boolean> {
  const started = context.now();
  const revision = await units.revision(context);
  for (let waited = false; ; waited = true) {
    const free = (await units.list(context)).filter((unit) => isFor(unit, revision, php));
    if (free.some(({ state, leased }) => state === 'WARM' && !leased)) return waited;
    const coming = free.some(({ leased, unschedulable }) => leased && !unschedulable);
    if (!coming || context.now() - started >= PATIENCE) return false;
    await context.sleep(LOOK, context.signal);
  }
}

const IDLE: ReadonlySet<UnitReport['state']> = new Set(['CREATING', 'VALIDATING', 'WARM']);

const isFor = (
  { state, cloneId, revision, phpVersion }: UnitReport,
  wanted: string,
  php: string | undefined,
): boolean =>
  IDLE.has(state) && cloneId === undefined && revision === wanted && (php === undefined || phpVersion === php);
