import { allOrNothing } from '../../shared/all-or-nothing.ts';
import type { ReportingContext, WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import type { ProvisionLease } from '../leases.ts';
import { retryOnce } from '../retry-once.ts';
import { whyUnfit } from '../unit-findings.ts';
import { noSuchUnit, unitBusy } from '../unit-states.ts';
import type { UnitFinding, UnitReport, Units } from '../units.ts';
import type { Cluster } from './api/client.ts';
import { watchObjects } from './api/watch.ts';
import { askSidecar } from './provision/claim.ts';
import { rememberGolden } from './recycle/remember.ts';
import { renewUnit } from './recycle/renew.ts';
import { takeToRecycle } from './recycle/take.ts';
import type { ProvisionDeps } from './provision/deps.ts';
import { chooseImage, versionsOf } from './provision/images.ts';
import { createUnit, ownSecret, planUnit, removeMade } from './provision/make.ts';
import { proveUnit } from './provision/prove.ts';
import { claimUnit, type Provisioned } from './provision/provision.ts';
import { waitUntilReady } from './provision/ready.ts';
import { revisionOf } from './provision/revision.ts';
import { orUndo } from './provision/undo.ts';
import { type Transition, transition } from './unit/cas.ts';
import { listUnits, unitOf } from './unit/find.ts';
import { streamLogs } from './unit/logs.ts';
import { DEADLINE, GOLDEN, INSTANCE_SELECTOR, PROVEN_AT, PROVEN_RUNS } from './unit/names.ts';
import { readUnit, removeUnit } from './unit/remove.ts';
import { isLeased, isRecyclable, stampOf, type Unit } from './unit/unit.ts';

const MINUTE = 60_000;
/** Milliseconds that a unit may be in a state in which nobody works on it, before the next sweep removes it. */
const WARM_LIMIT = 24 * 60 * MINUTE;
const QUARANTINE_LIMIT = 60 * MINUTE;

type LeaseOf = (provisioned: Provisioned, cloneId: string, context: WorkContext) => ProvisionLease;

/** The pods of a namespace as units. */
export function createKubernetesUnits(deps: ProvisionDeps, leaseOf: LeaseOf): Units {
  const { cluster, options, version } = deps;
  const stamp = (context: WorkContext, later = 0) => stampOf(cluster.clockOffset(), context.now() + later);

  /** Throws BUSY when it is not any more what it was seen as. */
  const move = async (unit: Unit, change: Transition, context: WorkContext): Promise<Unit> =>
    unitOf(await transition(cluster, unit, change, context).catch(rethrowBusy(unit)), unit.name);

  const aside = (unit: Unit, context: WorkContext) => {
    const annotations = { [DEADLINE]: stamp(context, QUARANTINE_LIMIT) };
    return move(unit, { to: 'QUARANTINED', job: null, annotations }, context);
  };

  async function make(plan: ReturnType<typeof planUnit>, again: boolean, context: ReportingContext): Promise<Unit> {
    const made = await createUnit(deps, plan, context);
    const limit = options.provisionSeconds * 1000;
    await allOrNothing(context.signal, (signal) => {
      const work = { ...context, signal };
      return [waitUntilReady(cluster, made, askSidecar(deps, made, work), limit, work), ownSecret(cluster, made, work)];
    });
    const checked = { to: 'VALIDATING', annotations: { [DEADLINE]: stamp(context, MINUTE) } } as const;
    const validating = await move(made, checked, context);
    const { findings, runs } = await proveUnit(deps, validating, context);
    const why = whyUnfit(findings);
    if (why !== '') throw new WpcloneError('SERVER_FAILED', `The new unit ${made.name} cannot be used: ${why}.`);
    const golden =
      again && options.databaseImage === undefined ? await rememberGolden(deps, validating, context) : undefined;
    return ready(validating, runs, golden === undefined ? {} : { [GOLDEN]: golden }, context);
  }

  const ready = (unit: Unit, runs: string, more: Readonly<Record<string, string>>, context: WorkContext) => {
    const annotations = {
      [DEADLINE]: stamp(context, WARM_LIMIT),
      [PROVEN_AT]: stamp(context),
      [PROVEN_RUNS]: runs,
      ...more,
    };
    return move(unit, { to: 'WARM', job: null, annotations }, context);
  };

  async function recycle(name: string, context: WorkContext): Promise<readonly UnitFinding[]> {
    const seen = await existing(cluster, name, context);
    const taken = await takeToRecycle(deps, seen, context).catch(rethrowBusy(seen));
    const renewed = await renewUnit(deps, seen, taken, context).catch(async (error: unknown) => {
      context.signal.throwIfAborted();
      await aside(taken, context);
      throw error;
    });
    const { unit, runs, findings } = renewed;
    if (whyUnfit(findings) !== '') {
      await aside(taken, context);
      return findings;
    }
    const annotations = { [DEADLINE]: stamp(context, MINUTE) };
    const validating = await move(unit, { to: 'VALIDATING', annotations }, context);
    await ready(validating, runs, {}, context);
    return findings;
  }

  return {
    revision: async () => revisionOf(options, version),

    phpVersions: async () => versionsOf(options),

    async list(context) {
      const now = context.now() + cluster.clockOffset();
      return (await listUnits(cluster, context)).map((unit) => reportOf(cluster, unit, now));
    },

    async make({ phpVersion, recyclable = false }, context) {
      const plan = planUnit(deps, await chooseImage(options, version, Promise.resolve(phpVersion), context), context);
      const undo = (work: WorkContext) => removeMade(cluster, plan, undefined, work);
      const unit = await orUndo(context, plan.name, () => make(plan, recyclable, context), undo);
      return reportOf(cluster, unit, context.now() + cluster.clockOffset());
    },

    async claim(request, context) {
      const found = await claimUnit(deps, request, context);
      if (typeof found === 'string') return { outcome: found };
      return { outcome: 'claimed', lease: leaseOf(found, request.id, context) };
    },

    async validate(name, context) {
      const unit = await existing(cluster, name, context);
      if (unit.state !== 'WARM') throw unitBusy(name, unit.state);
      const { findings } = await retryOnce(() => proveUnit(deps, unit, context), context);
      if (whyUnfit(findings) !== '') await aside(unit, context);
      else await move(unit, { to: 'WARM', annotations: { [PROVEN_AT]: stamp(context) } }, context);
      return findings;
    },

    async quarantine(name, context) {
      const unit = await existing(cluster, name, context);
      refuseHeld(cluster, unit, context);
      await aside(unit, context);
    },

    async watch(changed, context) {
      const pods = watchObjects(cluster, 'pods', { labelSelector: INSTANCE_SELECTOR }, context);
      for await (const _ of pods) changed();
    },

    async *logs(name, { follow }, context) {
      yield* streamLogs(cluster, await existing(cluster, name, context), { follow }, context);
    },

    // What a server of another image keeps outside of its volume nobody knows.
    ...(options.databaseImage === undefined ? { recycle } : {}),

    async retire(name, context) {
      const unit = await readUnit(cluster, name, context);
      if (unit === undefined || unit.deleting) return;
      const may = (seen: Unit): boolean => {
        refuseHeld(cluster, seen, context);
        return true;
      };
      await removeUnit(cluster, unit, may, context);
    },
  };
}

async function existing(cluster: Cluster, name: string, context: WorkContext): Promise<Unit> {
  const unit = await readUnit(cluster, name, context);
  if (unit !== undefined && !unit.deleting) return unit;
  throw noSuchUnit(name);
}

/** Throws BUSY for a unit that holds a clone, or that another job works on. */
function refuseHeld(cluster: Cluster, unit: Unit, context: WorkContext): void {
  const leased = isLeased(unit, context.now() + cluster.clockOffset()) && unit.jobId !== context.jobId;
  if (leased || unit.cloneId !== undefined) throw unitBusy(unit.name, unit.state);
}

const rethrowBusy = (unit: Unit) => (error: unknown) => {
  if (error instanceof WpcloneError && error.code === 'CLUSTER_CONFLICT') throw unitBusy(unit.name, undefined);
  throw error;
};

/** `now` by the API server's clock; what it says is by ours. */
function reportOf(cluster: Cluster, unit: Unit, now: number): UnitReport {
  const { name, state, epoch, revision, uses, unschedulable, jobId, cloneId, phpVersion, provenAt, deadline } = unit;
  const ours = (time: number): number => time - cluster.clockOffset();
  return {
    name,
    state,
    epoch,
    revision,
    uses,
    unschedulable,
    leased: isLeased(unit, now),
    createdAt: ours(unit.createdAt),
    stateSince: ours(unit.since),
    ...(jobId === undefined ? {} : { jobId }),
    ...(cloneId === undefined ? {} : { cloneId }),
    ...(phpVersion === undefined ? {} : { phpVersion }),
    ...(provenAt === undefined ? {} : { provenAt: ours(provenAt) }),
    ...(deadline === undefined ? {} : { deadline: ours(deadline) }),
    ...(isRecyclable(unit, now) ? { recyclable: true } : {}),
  };
}
