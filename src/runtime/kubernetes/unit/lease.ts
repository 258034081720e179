import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../../shared/errors.ts';
import type { Instance, ProvisionLease, ResetLease, RestoreLease } from '../../leases.ts';
import type { CloneFacts, CloneRecord } from '../../facts.ts';
import type { Cluster } from '../api/client.ts';
import { isGone } from '../api/errors.ts';
import { transition } from './cas.ts';
import { factsOf, findUnit, unitOf } from './find.ts';
import { keepAlive } from './keep-alive.ts';
import { DEADLINE, EXPIRES_AT, FACTS, HELD_UNTIL } from './names.ts';
import { PASSWORD, writePassword } from './password.ts';
import { removeUnit } from './remove.ts';
import { stampOf, type Unit, type UnitFacts } from './unit.ts';

/** What a lease is of. Its deadline on the pod is renewed until the lease ends or `closing` aborts. */
export interface LeaseOptions {
  readonly cluster: Cluster;
  readonly unit: Unit;
  readonly cloneId: string;
  readonly instance: Instance;
  readonly closing: AbortSignal;
}

/** What makes a clone that is complete take the name of another one. */
export type TakeOver = (
  ready: { readonly annotations: Readonly<Record<string, string>>; readonly password: string },
  context: WorkContext,
) => Promise<Unit>;

/** The lease of a unit that was just assigned to a clone. */
export function provisionLease(options: LeaseOptions, context: WorkContext, takeOver?: TakeOver): ProvisionLease {
  const { cluster, unit, cloneId } = options;
  const { end, ...lease } = beginLease(options, context);
  return {
    ...lease,
    purpose: 'provision',
    async commit(record, work) {
      end();
      const annotations = annotationsOf(cluster, record, unit.facts?.createdAt, work);
      const password = record.adminPassword;
      if (takeOver !== undefined) {
        const ready = await takeOver({ annotations, password }, work);
        return factsOf(cluster, ready, ready.cloneId ?? cloneId, work);
      }
      await writePassword(cluster, { unit, cloneId, key: PASSWORD }, password, work).catch((cause: unknown) => {
        throw toWpcloneError(cause).code === 'INSTANCE_LOST' || isGone(cause) ? wentAway(cloneId, cause) : cause;
      });
      return moveTo(options, 'READY', annotations, work);
    },
    async remove(work) {
      end();
      // One that has taken a name over, though nobody could hear of it, is the only one of that name.
      const { epoch, replaces } = unit;
      await removeUnit(cluster, unit, (now) => now.epoch === epoch && now.replaces === replaces, work);
    },
  };
}

/** The lease of a unit that is resetting. */
export function resetLease(options: LeaseOptions, context: WorkContext): ResetLease {
  const { cluster } = options;
  const { end, ...lease } = beginLease(options, context);
  return {
    ...lease,
    purpose: 'reset',
    async commit(work) {
      end();
      // Its end may have been moved meanwhile.
      const { expiresAt } = await present(options, work);
      const deadline = stampOf(cluster.clockOffset(), (expiresAt ?? work.now()) - cluster.clockOffset());
      return moveTo(options, 'READY', { [DEADLINE]: deadline }, work);
    },
  };
}

/** The lease of a unit that is only read, and held. */
export function restoreLease(options: LeaseOptions, context: WorkContext): RestoreLease {
  const { cluster, unit } = options;
  const { end, ...lease } = beginLease(options, context);
  return {
    ...lease,
    purpose: 'restore',
    async release(work) {
      end();
      const over = stampOf(cluster.clockOffset(), work.now() - 1000);
      await transition(cluster, unit, { to: 'READY', annotations: { [HELD_UNTIL]: over }, job: null }, work).catch(
        (error: unknown) => {
          // Gone, or another's: nothing is left to give up. Otherwise the hold ends by itself.
          work.log.debug('a hold was not given up', { clone: lease.cloneId, error: toWpcloneError(error).message });
        },
      );
    },
  };
}

function beginLease({ cluster, unit, cloneId, instance, closing }: LeaseOptions, context: WorkContext) {
  const [over, lost] = [new AbortController(), new AbortController()];
  const signal = AbortSignal.any([context.signal, closing, over.signal]);
  const tell = (cause: WpcloneError): void => {
    // Nobody has taken over what is gone.
    if (cause.code === 'INSTANCE_LOST') return lost.abort(wentAway(cloneId, cause));
    const message = `The lease of ${cloneId} was lost: ${cause.message}`;
    lost.abort(new WpcloneError('LEASE_LOST', message, { details: { name: cloneId }, cause }));
  };
  keepAlive(cluster, unit, { ...context, signal }, tell);
  const end = (): void => over.abort();
  return {
    jobId: context.jobId,
    cloneId,
    epoch: unit.epoch,
    instance,
    lost: lost.signal,
    end,
    /** The deadline stands: until then whoever has its job may go on with it, then the next sweep removes it. */
    release: async () => end(),
  };
}

/** The pod as it is now. Throws INSTANCE_LOST. */
const present = ({ cluster, cloneId }: LeaseOptions, context: WorkContext): Promise<Unit> =>
  findUnit(cluster, cloneId, context).catch((cause: unknown) => {
    if (!(cause instanceof WpcloneError && cause.code === 'NOT_FOUND')) throw cause;
    throw wentAway(cloneId, cause);
  });

function wentAway(cloneId: string, cause: unknown): WpcloneError {
  const message = `The pod of ${cloneId} went away in the middle of the work.`;
  return new WpcloneError('INSTANCE_LOST', message, { details: { name: cloneId }, cause });
}

/** From exactly where the lease began: whoever has taken it since is not disturbed. */
async function moveTo(
  { cluster, unit, cloneId }: LeaseOptions,
  to: 'READY',
  annotations: Readonly<Record<string, string>>,
  context: WorkContext,
): Promise<CloneFacts> {
  const pod = await transition(cluster, unit, { to, annotations, job: null }, context);
  return factsOf(cluster, unitOf(pod, cloneId), cloneId, context);
}

function annotationsOf(
  cluster: Cluster,
  record: CloneRecord,
  createdAt: string | undefined,
  context: WorkContext,
): Readonly<Record<string, string>> {
  const stamp = (time: number) => stampOf(cluster.clockOffset(), time);
  const facts: UnitFacts = {
    url: record.url,
    source: record.source,
    adminUsername: record.adminUsername,
    findings: [...record.findings],
    createdAt: createdAt ?? stamp(context.now()),
  };
  const end = stamp(record.expiresAt);
  return { [FACTS]: JSON.stringify(facts), [EXPIRES_AT]: end, [DEADLINE]: end };
}
