import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError } from '../../../shared/errors.ts';
import { emptyFindings } from '../../unit-findings.ts';
import type { UnitFinding } from '../../units.ts';
import { getObject } from '../api/objects.ts';
import { sidecarOf } from '../sidecar/address.ts';
import { askInstance } from '../sidecar/client.ts';
import { isNodeAway } from '../unit/node-away.ts';
import { parseUnit, type Unit } from '../unit/unit.ts';
import { askSidecar } from './claim.ts';
import type { ProvisionDeps } from './deps.ts';

/**
 * Whether a unit can be handed out: it answers in the protocol that is spoken here, its containers are the ones that were proven
 * before, and nothing of anybody is in it. `runs` names its containers as they were when they were asked.
 */
export async function proveUnit(
  deps: ProvisionDeps,
  unit: Unit,
  context: WorkContext,
): Promise<{ readonly findings: readonly UnitFinding[]; readonly runs: string }> {
  const { cluster, insideCluster } = deps;
  const pod = await getObject(cluster, 'pods', unit.name, context);
  const now = pod && parseUnit(pod).unit;
  if (pod === undefined || now?.uid !== unit.uid) return { findings: [answers('its pod is gone')], runs: '' };
  const same = unit.provenRuns === undefined || unit.provenRuns === now.runs;
  const ran: UnitFinding = { check: 'never-restarted', ok: same, detail: same ? '' : 'a container was started again' };
  if (isNodeAway(pod)) return { findings: [answers('its node does not answer'), ran], runs: now.runs };
  if (!(await askSidecar(deps, unit, context)(pod, context.signal)))
    return { findings: [answers('its sidecar does not answer'), ran], runs: now.runs };
  try {
    const sidecar = sidecarOf(cluster, { ...unit, podIp: now.podIp }, insideCluster, context);
    const left = await askInstance(sidecar, 'examine', undefined, context.signal);
    return { findings: [answers(''), ran, ...emptyFindings(left)], runs: now.runs };
  } catch (error) {
    context.signal.throwIfAborted();
    return { findings: [answers(toWpcloneError(error).message), ran], runs: now.runs };
  }
}

const answers = (detail: string): UnitFinding => ({ check: 'answers', ok: detail === '', detail });
