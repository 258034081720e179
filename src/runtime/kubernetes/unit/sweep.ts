import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError } from '../../../shared/errors.ts';
import type { SweepFailed } from '../../types.ts';
import { deleteObject, type Kind, listObjects, requireNamespace } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { statusOf } from '../api/errors.ts';
import { replacedBy } from './find.ts';
import { CERTIFICATE, certificateName, CLONE_LABEL, DEADLINE, INSTANCE_SELECTOR, objectName } from './names.ts';
import { removeUnit } from './remove.ts';
import { parseUnit, type Unit } from './unit.ts';

/** Milliseconds that an expired clone still answers "this clone has ended" before it is removed. */
const EXPIRED_GRACE = 60_000;

/** Something to be removed, for the clone of this name. */
interface Doomed {
  readonly id: string;
  readonly remove: () => Promise<void>;
}

/**
 * Removes what has expired, what a dead process left unfinished, and what has lost its pod. Judged from a live list by the API
 * server's clock; several sweeps at once do no harm. Returns the ids of the clones concerned; `failed` hears of those that
 * could not be removed.
 */
export async function sweepNamespace(
  cluster: Cluster,
  context: WorkContext,
  failed: SweepFailed = () => undefined,
): Promise<readonly string[]> {
  const selection = { labelSelector: INSTANCE_SELECTOR };
  const pods = await listObjects(cluster, 'pods', selection, context);
  if (pods.items.length === 0) await requireNamespace(cluster, context);
  const now = context.now() + cluster.clockOffset();
  const units = pods.items.map((pod) => parseUnit(pod).unit).filter((unit) => unit !== undefined);
  const replaced = replacedBy(units);
  const may = (unit: Unit): boolean => replaced.has(unit.uid) || isOver(unit, now);
  const over = units
    .filter((unit) => !unit.deleting && may(unit))
    .map((unit): Doomed => {
      const remove = async () => void (await removeUnit(cluster, unit, may, context));
      return { id: unit.cloneId ?? unit.name, remove };
    });
  const alive = new Set(pods.items.map(({ metadata }) => metadata?.name ?? ''));
  for (const { cloneId } of units) if (cloneId !== undefined) alive.add(objectName(cloneId));
  const orphans = await Promise.all([
    ...(['secrets', 'services', 'ingresses'] as const).map((kind) => findOrphans(cluster, kind, alive, context)),
    findCertificates(cluster, alive, context),
  ]);

  const removed = new Set<string>();
  for (const { id, remove } of [...over, ...orphans.flat()]) {
    try {
      await remove();
      removed.add(id);
    } catch (error) {
      context.signal.throwIfAborted();
      context.log.warn('could not remove', { clone: id, error: toWpcloneError(error).message });
      failed(id, toWpcloneError(error));
    }
  }
  return [...removed];
}

/**
 * Why a unit is to go: its clone has ended, its maker is dead, it has waited too long for a clone, or its pod has ended for good. A clone
 * whose reset was cut off stays until its end: it can be reset again.
 */
function isOver(unit: Unit, now: number): boolean {
  if (unit.ended && (unit.state === 'WARM' || livesByClone(unit))) return true;
  return unit.state === 'DELETING' || now > dueTimeOf(unit);
}

const livesByClone = ({ state, cloneId }: Unit): boolean =>
  state === 'READY' || (state === 'RESETTING' && cloneId !== undefined);

/** When a unit is to go unless something happens to it before; by the API server's clock. Infinity: never. */
export function dueTimeOf(unit: Unit): number {
  const { expiresAt, heldUntil = 0 } = unit;
  // Who reads it for a restore lives.
  if (livesByClone(unit)) return Math.max(expiresAt === undefined ? 0 : expiresAt + EXPIRED_GRACE, heldUntil);
  return unit.deadline ?? Infinity;
}

/**
 * Objects of ours whose unit is not there, past their own deadline: locks of names and Secrets of units that were never finished.
 * With an owner the cluster's garbage collector sees to it.
 */
async function findOrphans(
  cluster: Cluster,
  kind: Exclude<Kind, 'pods' | 'events'>,
  alive: ReadonlySet<string>,
  context: WorkContext,
): Promise<readonly Doomed[]> {
  const doomed: Doomed[] = [];
  const items = await listAllowed(cluster, kind, { labelSelector: INSTANCE_SELECTOR }, context);
  const now = context.now() + cluster.clockOffset();
  for (const { metadata } of items) {
    const { name, uid, labels, annotations, ownerReferences } = metadata ?? {};
    const deadline = Date.parse(annotations?.[DEADLINE] ?? '');
    const owned = (ownerReferences?.length ?? 0) > 0;
    if (name === undefined || uid === undefined || owned || alive.has(name) || !(deadline < now)) continue;
    const remove = () => deleteObject(cluster, kind, { name, uid }, context);
    doomed.push({ id: labels?.[CLONE_LABEL] ?? name, remove });
  }
  return doomed;
}

/**
 * Certificates without their clone. cert-manager makes a Secret per clone and, unless told otherwise, keeps it when the clone's
 * Ingress and with it the certificate are deleted; nothing of ours could own it.
 */
async function findCertificates(
  cluster: Cluster,
  alive: ReadonlySet<string>,
  context: WorkContext,
): Promise<readonly Doomed[]> {
  const doomed: Doomed[] = [];
  const items = await listAllowed(cluster, 'secrets', { fieldSelector: 'type=kubernetes.io/tls' }, context);
  for (const { metadata } of items) {
    const { name = '', uid = '', annotations } = metadata ?? {};
    const id = /^wpclone-(.+)\.tls$/.exec(name)?.[1];
    if (id === undefined || annotations?.[CERTIFICATE] !== certificateName(id) || alive.has(objectName(id))) continue;
    doomed.push({ id, remove: () => deleteObject(cluster, 'secrets', { name, uid }, context) });
  }
  return doomed;
}

/** Whoever may only look at pods can still use `list`; the clean-up job does the rest. */
async function listAllowed<K extends Exclude<Kind, 'pods' | 'events'>>(
  cluster: Cluster,
  kind: K,
  selection: Readonly<Record<string, string>>,
  context: WorkContext,
) {
  const list = await listObjects(cluster, kind, selection, context).catch((error: unknown) => {
    if (statusOf(error) === 403 || statusOf(error) === 404) return { items: [] };
    throw error;
  });
  return list.items;
}
