import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../../shared/errors.ts';
import { transition } from './cas.ts';
import type { Cluster } from '../api/client.ts';
import { DEADLINE, HELD_UNTIL } from './names.ts';
import { stampOf, type Unit } from './unit.ts';

/** Milliseconds after which unfinished work is taken for dead unless its process has said again that it lives. */
const WORK_LIMIT = 300_000;
const RENEWAL = 60_000;

/** What a renewal ends with when the unit is not ours any more. */
const OVER: ReadonlySet<string> = new Set(['CLUSTER_CONFLICT', 'INSTANCE_LOST']);

/** The same for work that leaves the clone as it is: whoever goes on with it need not wait long. */
const HOLD_LIMIT = 60_000;
const HOLD_RENEWAL = 15_000;
/** Milliseconds that nothing but somebody who sets our clock moves it against the API server's between two renewals. */
const CLOCK_SET = 10_000;

/** When unfinished work is given up unless it is renewed: ISO 8601, by the API server's clock. */
export const workDeadline = (cluster: Cluster, now: number): string => stampOf(cluster.clockOffset(), now + WORK_LIMIT);

export const holdEnd = (cluster: Cluster, now: number): string => stampOf(cluster.clockOffset(), now + HOLD_LIMIT);

/**
 * Renews the deadline of a unit, or its hold where it is READY, until the context's signal aborts. `lost` hears when there is nothing left to renew: the unit
 * has moved on, or is gone.
 */
export function keepAlive(
  cluster: Cluster,
  unit: Unit,
  context: WorkContext,
  lost: (cause: WpcloneError) => void,
): void {
  const reads = unit.state === 'READY';
  const write = async () => {
    const now = context.now();
    const annotations: Readonly<Record<string, string>> = reads
      ? { [HELD_UNTIL]: holdEnd(cluster, now) }
      : { [DEADLINE]: workDeadline(cluster, now) };
    await transition(cluster, unit, { to: unit.state, annotations }, context);
  };
  const writeInTime = async () => {
    const before = cluster.clockOffset();
    await write();
    // The answer tells that our clock was set: what was written by it may be over already, and the unit somebody's to sweep.
    if (Math.abs(cluster.clockOffset() - before) > CLOCK_SET) await write();
  };
  const renew = async () => {
    for (;;) {
      await context.sleep(reads ? HOLD_RENEWAL : RENEWAL, context.signal);
      await writeInTime().catch((error: unknown) => {
        // Whatever else it is may pass; a unit that has moved on or is gone needs no more renewal.
        if (error instanceof WpcloneError && OVER.has(error.code)) throw error;
        context.log.warn('could not renew the deadline yet', { error: toWpcloneError(error).message });
      });
    }
  };
  renew().catch((error: unknown) => {
    if (context.signal.aborted) return;
    context.log.debug('no more renewals', { error: toWpcloneError(error).message });
    lost(toWpcloneError(error));
  });
}
