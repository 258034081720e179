import type { WorkContext } from '../../shared/context.ts';
import type { Runtime } from '../types.ts';
import type { Instance } from '../leases.ts';
import type { Lineage } from './sidecar/calls.ts';
import { transition } from './unit/cas.ts';
import { takeToRead, takeToReset } from './unit/take.ts';
import { takeBackUnits } from './unit/take-back.ts';
import { connectCluster } from './api/client.ts';
import { factsOf, findUnit, listUnits, unitOf } from './unit/find.ts';
import { provisionLease, resetLease, restoreLease, type TakeOver } from './unit/lease.ts';
import { streamLogs } from './unit/logs.ts';
import { DEADLINE, EXPIRES_AT } from './unit/names.ts';
import { passwordOf } from './unit/password.ts';
import { createDocuments } from './documents.ts';
import { parseOptions } from './options.ts';
import { forwardPort } from './unit/port-forward.ts';
import { claimOf, type ProvisionDeps } from './provision/deps.ts';
import { type Provisioned, provisionUnit } from './provision/provision.ts';
import { requireReplaceable, takeNameOver } from './provision/take-name-over.ts';
import { removeClone } from './unit/remove-clone.ts';
import { lineageOf } from './sidecar/lineage.ts';
import { sidecarOf } from './sidecar/address.ts';
import { createSidecarOperations } from './sidecar/client.ts';
import { dueTimeOf, sweepNamespace } from './unit/sweep.ts';
import { cloneFactsOf, stampOf, type Unit } from './unit/unit.ts';
import { requireNode } from './unit/whether-lost.ts';
import { createTending } from './tending.ts';
import { createKubernetesUnits } from './units.ts';

export interface KubernetesRuntimeDeps {
  readonly now: WorkContext['now'];
  readonly sleep: WorkContext['sleep'];
  readonly randomBytes: WorkContext['randomBytes'];
  /** Of the package; names the default image. */
  readonly version: string;
  /** Inside a cluster pods are reached directly. */
  readonly insideCluster: boolean;
  /** What this machine is called, for others to know who holds the Lease. */
  readonly host: string;
  /** Absent: the one that the environment names. */
  readonly kubeconfig?: string;
}

/**
 * Instances as pods of one namespace; their labels and annotations are the truth about them, so anyone with access sees the
 * same clones. Nothing is asked of the cluster before the first call. Throws BAD_CONFIG, KUBECONFIG_INVALID.
 */
export async function createKubernetesRuntime(
  settings: Readonly<Record<string, unknown>>,
  deps: KubernetesRuntimeDeps,
): Promise<Runtime> {
  const options = parseOptions(settings);
  const cluster = await connectCluster(options, deps.now, deps.kubeconfig);
  const { version, insideCluster } = deps;
  const provisioning: ProvisionDeps = { cluster, options, version, insideCluster };
  const closing = new AbortController();
  const tending = createTending(cluster, deps, deps.host);

  const instanceOf = (unit: Unit, id: string, how: Instance['how'], lineage?: Lineage, token?: string): Instance => {
    const sidecar = sidecarOf(cluster, unit, insideCluster, deps, token);
    const operations = createSidecarOperations(lineage === undefined ? sidecar : { ...sidecar, lineage });
    return { id, url: unit.facts?.url ?? '', how, operations };
  };

  const leaseOf = (unit: Unit, cloneId: string, how: Instance['how'], lineage?: Lineage, token?: string) => ({
    cluster,
    unit,
    cloneId,
    instance: instanceOf(unit, cloneId, how, lineage, token),
    closing: closing.signal,
  });
  const leaseProvisioned = ({ unit, how, token }: Provisioned, id: string, context: WorkContext, takeOver?: TakeOver) =>
    provisionLease(leaseOf(unit, id, how, lineageOf(context, id, how === 'taken-up'), token), context, takeOver);

  return {
    kind: 'kubernetes',
    units: createKubernetesUnits(provisioning, leaseProvisioned),
    documents: createDocuments(cluster),

    async provision(request, context) {
      const { id, replaces: name } = request;
      if (name !== undefined) await requireReplaceable(cluster, name, context);
      const provisioned = await provisionUnit(provisioning, request, context);
      if (name === undefined) return leaseProvisioned(provisioned, id, context);
      const replacing = { unit: provisioned.unit, claim: claimOf(request, context), name };
      return leaseProvisioned(provisioned, id, context, (ready, work) =>
        takeNameOver(provisioning, replacing, ready, work),
      );
    },

    async takeForReset(id, context) {
      const { unit, how } = await takeToReset(cluster, id, context);
      return resetLease(leaseOf(unit, id, how, lineageOf(context, id, how === 'taken-up')), context);
    },

    async takeForRestore(id, context) {
      return restoreLease(leaseOf(await takeToRead(cluster, id, context), id, 'created'), context);
    },

    async dueTimes(context) {
      return (await listUnits(cluster, context)).map((unit) => dueTimeOf(unit) - cluster.clockOffset());
    },

    async list(context) {
      const units = await listUnits(cluster, context);
      return units
        .map((unit) => cloneFactsOf(unit, context.now(), cluster.clockOffset()))
        .filter((facts) => facts !== undefined)
        .sort((one, other) => one.createdAt - other.createdAt);
    },

    async get(id, context) {
      const unit = await findUnit(cluster, id, context);
      return { facts: factsOf(cluster, unit, id, context), instance: instanceOf(unit, id, 'created') };
    },

    password: (id, context) => passwordOf(cluster, id, context),

    async extend(id, expiresAt, context) {
      const unit = await findUnit(cluster, id, context);
      const stamp = stampOf(cluster.clockOffset(), expiresAt);
      const annotations = { [EXPIRES_AT]: stamp, ...(unit.state === 'READY' ? { [DEADLINE]: stamp } : {}) };
      const pod = await transition(cluster, unit, { to: unit.state, annotations }, context);
      return factsOf(cluster, unitOf(pod, id), id, context);
    },

    remove: (id, context) => removeClone(cluster, id, context),

    sweep: (context, failed) => sweepNamespace(cluster, context, failed),

    mayTend: (context) => tending.may(context),

    takeBack: (isOver, context) => takeBackUnits(cluster, isOver, context),

    async *logs(id, { follow }, context) {
      const unit = await findUnit(cluster, id, context);
      yield* streamLogs(cluster, unit, { follow }, context);
    },

    async expose(id, context, ended) {
      const unit = await findUnit(cluster, id, context);
      requireNode(unit);
      const signal = AbortSignal.any([context.signal, closing.signal]);
      return forwardPort(cluster, unit, { ...context, signal }, ended);
    },

    async close() {
      closing.abort();
      await tending.giveUp();
      await cluster.close();
    },
  };
}
