import type { WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { packageVersion } from '../../shared/package-root.ts';
import type { UnitRow } from '../../state/types.ts';
import type { ProvisionRequest } from '../leases.ts';
import { retryOnce } from '../retry-once.ts';
import { whyUnfit } from '../unit-findings.ts';
import { noSuchUnit } from '../unit-states.ts';
import type { UnitFinding, UnitReport, Units } from '../units.ts';
import { provisionLease } from './held.ts';
import { toEarlierAddress } from './earlier-address.ts';
import type { LocalHome } from './home.ts';
import { instancePaths } from './layout.ts';
import { busy, endLease, type HeldUnit, holds, isLeased, ownerOf, takeUnit } from './lease.ts';
import { makeUnit } from './make.ts';
import { readLogs } from './logs.ts';
import { choosePhp, type Php, versionsOfPhp } from './php.ts';
import { removeTaken } from './remove.ts';
import { serve, serveAnew, serveWith } from './serve.ts';
import { takeBack } from './take-back.ts';
import { examineUnit } from './validate.ts';

/** The instances of this machine as units. `keep` starts what looks after them. */
export function createLocalUnits(home: LocalHome, keep: () => void): Units {
  const { units } = home.state;

  /** Looks at a unit that this job has taken to validate it, and says what it is from now on. */
  async function judge(unit: UnitRow, context: WorkContext) {
    const { findings } = await retryOnce(async () => ({ findings: await examineUnit(home, unit, context) }), context);
    const clean = findings.every((finding) => finding.ok);
    const proven = clean ? { provenAt: context.now() } : {};
    const judged = await endLease(home, unit, { state: clean ? 'WARM' : 'QUARANTINED', ...proven });
    if (judged === undefined) throw busy(await units.find(unit.name), unit.name);
    return { judged, findings, clean };
  }

  return {
    // wpclone's own: what it copies into a unit comes with it.
    revision: packageVersion,

    phpVersions: () => versionsOfPhp(home.path),

    async list() {
      return Promise.all((await units.list()).map(reportOf));
    },

    async make(request, context) {
      let begun: UnitRow | undefined;
      try {
        const spec = { phpVersion: Promise.resolve(request.phpVersion) };
        const made = await makeUnit(home, spec, context, (unit) => (begun = unit));
        const validating = await units.change(made, { state: 'VALIDATING' });
        const { judged, findings, clean } = await judge(validating ?? made, context);
        if (!clean) throw unfit(judged, findings);
        keep();
        return reportOf(judged);
      } catch (error) {
        if (begun !== undefined) await takeBack(home, begun.name, context);
        throw error;
      }
    },

    async claim(request, context) {
      const taken = await claimUnit(home, request, context);
      if (typeof taken === 'string') return { outcome: taken };
      keep();
      return { outcome: 'claimed', lease: provisionLease(home, taken, 'warm', keep, context, request.replaces) };
    },

    async validate(name, context) {
      const seen = await units.find(name);
      if (seen === undefined) throw noSuchUnit(name);
      const taken = seen.state === 'WARM' ? await takeUnit(home, seen, 'VALIDATING', context) : undefined;
      if (taken === undefined) throw busy(await units.find(name), name);
      try {
        return (await judge(taken, context)).findings;
      } catch (error) {
        // What could not be looked at is not handed out.
        await endLease(home, taken, { state: 'QUARANTINED' });
        throw error;
      }
    },

    async quarantine(name, context) {
      const seen = await units.find(name);
      if (seen === undefined) throw noSuchUnit(name);
      const taken = seen.clone === null ? await takeUnit(home, seen, 'QUARANTINED', context) : undefined;
      if (taken === undefined) throw busy(await units.find(name), name);
      await endLease(home, taken, {});
    },

    async *logs(name, options, context) {
      if ((await units.find(name)) === undefined) throw noSuchUnit(name);
      yield* readLogs(instancePaths(home.layout, name), home.layout.database.log, options, context);
    },

    async retire(name, context) {
      const seen = await units.find(name);
      if (seen === undefined) return;
      if (seen.clone !== null) throw busy(seen, name);
      await removeTaken(home, seen, context);
    },
  };
}

/** A unit of this job for the clone; `contended` when others took each that was there, `none` when none was. */
async function claimUnit(
  home: LocalHome,
  request: ProvisionRequest,
  context: WorkContext,
): Promise<HeldUnit | 'contended' | 'none'> {
  const { units } = home.state;
  const own = (await units.list()).find(
    ({ state, lease, clone }) => state === 'ASSIGNED' && lease?.jobId === context.jobId && clone?.id === request.id,
  );
  if (holds(own) && (await isLeased(own))) return own;
  // Those of another wpclone hold its parts, which may do other things.
  const current = await packageVersion();
  const isWarm = ({ state, lease, revision }: UnitRow): boolean =>
    state === 'WARM' && lease === null && revision === current;
  if (!(await units.list()).some(isWarm)) return 'none';
  // First, as it may have to wait for what the source says; and those that have it before others.
  const php = await choosePhp(request.phpVersion, home.path, request.php);
  const differs = ({ phpVersion }: UnitRow): number => (phpVersion === php.version ? 0 : 1);
  const warm = (await units.list()).filter(isWarm).toSorted((one, other) => differs(one) - differs(other));
  const lease = await ownerOf(context);
  const clone = { id: request.id, sourceUrl: request.sourceUrl, expiresAt: request.expiresAt };
  for (const seen of warm) {
    const taken = await units.assign(seen, clone, { state: 'ASSIGNED', lease, epoch: seen.epoch + 1 });
    if (!holds(taken)) continue;
    const ready = await madeReady(home, taken, php, context);
    if (ready !== undefined) return ready;
  }
  return warm.length === 0 ? 'none' : 'contended';
}

/** It may have stood for a day: its server runs, with the PHP that is wanted. Undefined when that cannot be; then it is gone. */
async function madeReady(
  home: LocalHome,
  taken: HeldUnit,
  php: Php,
  context: WorkContext,
): Promise<HeldUnit | undefined> {
  try {
    const unit = await toEarlierAddress(home, taken);
    if (php.version === unit.phpVersion) {
      await (unit.port === taken.port ? serve(home, unit, context) : serveAnew(home, unit, context));
      return unit;
    }
    await serveWith(home, unit, php.program, context);
    const changed = await home.state.units.change(unit, { phpVersion: php.version });
    return holds(changed) ? changed : undefined;
  } catch (error) {
    await takeBack(home, taken.name, context);
    context.signal.throwIfAborted();
    context.log.warn('a warm unit does not work and was removed', { unit: taken.name, error: String(error) });
    return undefined;
  }
}

async function reportOf(unit: UnitRow): Promise<UnitReport> {
  const { name, state, epoch, revision, uses, lease, clone, phpVersion, createdAt, stateSince, provenAt } = unit;
  return {
    name,
    state,
    epoch,
    revision,
    uses,
    createdAt,
    stateSince,
    leased: await isLeased(unit),
    unschedulable: false,
    ...(lease === null ? {} : { jobId: lease.jobId }),
    ...(clone === null ? {} : { cloneId: clone.id }),
    ...(phpVersion === null ? {} : { phpVersion }),
    ...(provenAt === null ? {} : { provenAt }),
  };
}

const unfit = ({ name }: UnitRow, findings: readonly UnitFinding[]): WpcloneError =>
  new WpcloneError('SERVER_FAILED', `The new unit ${name} cannot be used: ${whyUnfit(findings)}.`);
