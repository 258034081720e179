import { allOrNothing } from '../../../shared/all-or-nothing.ts';
import type { ReportingContext, WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { withTimeout } from '../../../shared/abortable.ts';
import { sidecarOf, tokenOf } from '../sidecar/address.ts';
import { askInstance } from '../sidecar/client.ts';
import { callSidecar } from '../sidecar/transport.ts';
import { transition } from '../unit/cas.ts';
import { unitOf } from '../unit/find.ts';
import { workDeadline } from '../unit/keep-alive.ts';
import { CLAIM, DEADLINE, EXPIRES_AT, FACTS, USES } from '../unit/names.ts';
import { stampOf, type Unit, type UnitFacts } from '../unit/unit.ts';
import { createBelongings } from './belongings.ts';
import { type Claim, finalName, type ProvisionDeps } from './deps.ts';
import { settlePort } from './local-port.ts';
import { type Ask, waitUntilReady } from './ready.ts';

/**
 * Gives a unit to a clone, by compare-and-swap: the commit point, the same for one that was waiting warm and for one that this job
 * is making. `deadline` is when the claim is given up unless its job renews it. Throws CLUSTER_CONFLICT when another was faster.
 */
export async function takeUnit(
  { cluster }: ProvisionDeps,
  unit: Unit,
  claim: Claim,
  origin: string,
  deadline: string,
  context: WorkContext,
): Promise<Unit> {
  const stamp = (time: number) => stampOf(cluster.clockOffset(), time);
  const facts: UnitFacts = {
    url: origin,
    source: { url: claim.request.sourceUrl, wordpressVersion: '', phpVersion: '' },
    adminUsername: '',
    createdAt: stamp(context.now()),
  };
  const change = {
    to: 'ASSIGNED',
    newEpoch: true,
    job: claim.jobId,
    clone: claim.cloneId,
    annotations: {
      [CLAIM]: claim.id,
      [DEADLINE]: deadline,
      [EXPIRES_AT]: stamp(claim.request.expiresAt),
      [FACTS]: JSON.stringify(facts),
      [USES]: String(unit.uses + 1),
    },
  } as const;
  return unitOf(await transition(cluster, unit, change, context), unit.name);
}

/** Takes a unit once more for the claim that has it: whoever acted for the claim until now is fenced off. Throws CLUSTER_CONFLICT. */
export async function takeUp(
  { cluster }: ProvisionDeps,
  unit: Unit,
  claim: Claim,
  context: WorkContext,
): Promise<Unit> {
  const annotations = { [DEADLINE]: workDeadline(cluster, context.now()) };
  const change = { to: 'ASSIGNED', newEpoch: true, job: claim.jobId, annotations } as const;
  return unitOf(await transition(cluster, unit, change, context), unit.name);
}

/** A unit that knows its clone, and what opens it. */
export interface Settled {
  readonly unit: Unit;
  readonly token: string;
}

/**
 * Makes a unit that was taken ready for its clone: all that belongs to it is there, it runs, has an address of its own, and knows
 * whose it is. May be done again. `beside` is what else is to be done while it starts.
 */
export async function settleUnit(
  deps: ProvisionDeps,
  taken: Unit,
  claim: Claim,
  limit: number,
  context: ReportingContext,
  beside: (context: WorkContext) => readonly Promise<unknown>[] = () => [],
): Promise<Settled> {
  const [settled] = await allOrNothing(context.signal, (signal) => {
    const work = { ...context, signal };
    return [
      introduce(deps, taken, claim, limit, work),
      createBelongings(deps, taken, claim, work),
      ...beside(work),
    ] as const;
  });
  return settled;
}

/** Tells a unit whose it is, as soon as it runs. */
async function introduce(
  deps: ProvisionDeps,
  taken: Unit,
  claim: Claim,
  limit: number,
  context: ReportingContext,
): Promise<Settled> {
  const { cluster, insideCluster } = deps;
  const [podIp, unit, token] = await allOrNothing(context.signal, (signal) => {
    const work = { ...context, signal };
    return [addressOf(deps, taken, limit, work), settlePort(deps, taken, work), tokenOf(cluster, taken, work)] as const;
  });
  const settled = { ...unit, podIp };
  const sidecar = sidecarOf(cluster, settled, insideCluster, context, token);
  const assignment = { cloneId: finalName(claim), url: settled.facts?.url ?? '' };
  // A unit that the kubelet calls ready may answer nothing all the same: then another one is to be had soon.
  const late = new WpcloneError('PROVISION_TIMED_OUT', `The instance ${taken.name} does not take the clone in.`);
  await withTimeout(limit, context, late, (limited) =>
    askInstance(sidecar, 'assign', assignment, AbortSignal.any([limited, context.signal])),
  );
  return { unit: settled, token };
}

/** Of one that was ready in the moment in which it was taken: at once. */
async function addressOf(
  deps: ProvisionDeps,
  taken: Unit,
  limit: number,
  work: ReportingContext,
): Promise<string | undefined> {
  if (taken.ready && taken.podIp !== undefined) return taken.podIp;
  return (await waitUntilReady(deps.cluster, taken, askSidecar(deps, taken, work), limit, work)).status?.podIP;
}

/** Milliseconds: where the API server cannot reach a pod yet, it tries for longer than the kubelet's next word takes. */
const ASK_LIMIT = 2000;

/** The question that the kubelet asks too, put to the sidecar, which answers it to anybody; whoever may not waits for the kubelet. */
export function askSidecar({ cluster }: ProvisionDeps, { name, uid, epoch }: Unit, work: WorkContext): Ask {
  return async ({ status }, signal) => {
    const address = { pod: name, uid, podIp: status?.podIP, token: '', epoch };
    const ask = async (limited: AbortSignal): Promise<boolean> => {
      const call = { method: 'GET', path: '/readyz', signal: AbortSignal.any([signal, limited]) } as const;
      await (await callSidecar(cluster, address, false, call)).body.dump();
      return true;
    };
    const late = new WpcloneError('CLUSTER_UNREACHABLE', 'The sidecar does not answer yet.');
    return withTimeout(ASK_LIMIT, work, late, ask).catch(() => false);
  };
}
