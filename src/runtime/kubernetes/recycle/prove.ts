import type { Look } from '../../../instance/types.ts';
import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError } from '../../../shared/errors.ts';
import { emptyFindings } from '../../unit-findings.ts';
import type { UnitFinding } from '../../units.ts';
import type { ProvisionDeps } from '../provision/deps.ts';
import { sidecarOf } from '../sidecar/address.ts';
import type { SidecarClientDeps } from '../sidecar/calls.ts';
import { askInstance } from '../sidecar/client.ts';
import { parseUnit, type Unit } from '../unit/unit.ts';
import { compareWithGolden } from './golden.ts';
import { podOf } from './wait.ts';

/** A unit between two clones, in the states of `Units.recycle`. */
export interface Recycled {
  readonly unit: Unit;
  readonly findings: readonly UnitFinding[];
  /** Its containers as they were when they were looked at. */
  readonly runs: string;
}

/** Looks at it once more, with its new token; the old one must open nothing. */
export async function proveRenewed(
  deps: ProvisionDeps,
  taken: Unit,
  golden: Look,
  oldToken: string,
  context: WorkContext,
): Promise<Recycled> {
  const { cluster, insideCluster } = deps;
  const pod = await podOf(deps, taken, context);
  const now = parseUnit(pod).unit ?? taken;
  const sidecar = sidecarOf(cluster, now, insideCluster, context);
  const [look, left, refused] = [
    await askInstance(sidecar, 'look', undefined, context.signal),
    await askInstance(sidecar, 'examine', undefined, context.signal),
    await isRefused(sidecarOf(cluster, now, insideCluster, context, oldToken), context),
  ];
  const findings: readonly UnitFinding[] = [
    ...compareWithGolden(golden, look),
    ...emptyFindings(left),
    { check: 'old-token', ok: refused, detail: refused ? '' : 'the token of before is not refused' },
  ];
  // Started again while it was looked at: then something else was looked at.
  const after = parseUnit(await podOf(deps, taken, context)).unit;
  const same = after?.runs === now.runs;
  const ran: UnitFinding = { check: 'never-restarted', ok: same, detail: same ? '' : 'a container was started again' };
  return { unit: now, findings: [...findings, ran], runs: now.runs };
}

async function isRefused(sidecar: SidecarClientDeps, context: WorkContext): Promise<boolean> {
  return askInstance(sidecar, 'examine', undefined, context.signal).then(
    () => false,
    (error: unknown) => toWpcloneError(error).code === 'CLUSTER_AUTH',
  );
}
