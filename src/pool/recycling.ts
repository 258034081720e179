import { newJobId, type WorkContext } from '../shared/context.ts';
import { toWpcloneError } from '../shared/errors.ts';
import { whyUnfit } from '../runtime/unit-findings.ts';
import type { Units } from '../runtime/units.ts';
import type { PoolMemory } from './memory.ts';
import type { PoolEvent } from './note.ts';

/** The units that are being made ready for another clone. */
export interface Recycling {
  /** It takes seconds; what fails is set aside by the runtime, or swept. `left`: it is being done, or cannot be done here. */
  begin(unit: string): 'begun' | 'left';
  settled(): Promise<void>;
}

/** `ended` is called when one is ready, or is known not to be. */
export function createRecycling(
  units: Pick<Units, 'recycle'>,
  memory: Pick<PoolMemory, 'happened'>,
  ended: () => void,
  context: WorkContext,
): Recycling {
  const running = new Map<string, Promise<void>>();

  async function recycle(unit: string, work: NonNullable<Units['recycle']>): Promise<void> {
    const started = context.now();
    const aside = (why: string, more: Pick<PoolEvent, 'result' | 'checks'>): void =>
      memory.happened({ at: context.now(), what: 'quarantined', unit, why, ...more });
    try {
      const findings = await work(unit, { ...context, jobId: newJobId(context.randomBytes) });
      const checks = findings.filter(({ ok }) => !ok).map(({ check }) => check);
      if (checks.length > 0) return aside(`not clean: ${whyUnfit(findings)}`, { result: 'dirty', checks });
      const [at, seconds] = [context.now(), (context.now() - started) / 1000];
      const why = `proven clean in ${seconds.toFixed(1)} s`;
      memory.happened({ at, what: 'recycled', unit, why, seconds, result: 'clean' });
    } catch (cause) {
      const error = toWpcloneError(cause);
      // Somebody else has it, or it is gone: the next look shows what is to be done.
      if (context.signal.aborted || error.code === 'BUSY' || error.code === 'NOT_FOUND') return;
      aside(error.message, { result: 'unproven' });
      context.log.warn('a unit could not be used again', { unit, error: error.message });
    }
  }

  return {
    begin(unit) {
      if (units.recycle === undefined || running.has(unit)) return 'left';
      const forget = (): void => {
        running.delete(unit);
        ended();
      };
      running.set(unit, recycle(unit, units.recycle).finally(forget));
      return 'begun';
    },
    async settled() {
      await Promise.all(running.values());
    },
  };
}
