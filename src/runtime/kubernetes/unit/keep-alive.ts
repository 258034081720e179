import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../../shared/errors.ts';
import { transition } from './cas.ts';
import type { Cluster } from '../api/client.ts';
import { DEADLINE } from './names.ts';
import { stampOf, type Unit } from './unit.ts';

/** Milliseconds after which unfinished work is taken for dead unless its process has said again that it lives. */
const WORK_LIMIT = 300_000;
const RENEWAL = 60_000;

/** When unfinished work is given up unless it is renewed: ISO 8601, by the API server's clock. */
export const workDeadline = (cluster: Cluster, now: number): string => stampOf(cluster.clockOffset(), now + WORK_LIMIT);

/** Renews the deadline of a unit that this process works on, until stopped, cancelled, or the unit has moved on. */
export function keepAlive(cluster: Cluster, unit: Unit, context: WorkContext): AbortController {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const work = { ...context, signal };
  const renew = async () => {
    for (;;) {
      await context.sleep(RENEWAL, signal);
      const annotations = { [DEADLINE]: workDeadline(cluster, context.now()) };
      await transition(cluster, unit, { to: unit.state, annotations }, work).catch((error: unknown) => {
        // An outage passes; a unit that has moved on or is gone needs no more renewal.
        if (!(error instanceof WpcloneError) || !error.retryable) throw error;
        context.log.warn('could not renew the deadline yet', { error: error.message });
      });
    }
  };
  renew().catch((error: unknown) => {
    if (!signal.aborted) context.log.debug('no more renewals', { error: toWpcloneError(error).message });
  });
  return stop;
}
