import type { V1OwnerReference } from '@kubernetes/client-node';
import { withTimeout, withGrace } from '../../../shared/abortable.ts';
import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../../shared/errors.ts';
import { waitUntil } from '../../../shared/wait-until.ts';
import { unitBusy } from '../../unit-states.ts';
import type { Cluster } from '../api/client.ts';
import { isGone } from '../api/errors.ts';
import { mergeObject } from '../api/objects.ts';
import { transition, type Transition } from '../unit/cas.ts';
import { listUnits, unitOf } from '../unit/find.ts';
import { holdEnd, workDeadline } from '../unit/keep-alive.ts';
import { CLAIM, DEADLINE, HELD_UNTIL, objectName, REPLACES, selectorOf } from '../unit/names.ts';
import { PASSWORD, passwordKey, writePassword } from '../unit/password.ts';
import { removeOwn, removeUnit } from '../unit/remove.ts';
import { isLeased, stampOf, type Unit } from '../unit/unit.ts';
import { createNetwork } from './belongings.ts';
import type { Claim, ProvisionDeps } from './deps.ts';
import { takeName } from './name.ts';
import { ownerOf } from './network-manifests.ts';
import { orUndo } from './undo.ts';

/** Milliseconds between two looks at a clone that somebody works on, and how long that is waited for. */
const LOOK = 500;
const PATIENCE = 60_000;

/** A unit whose clone is complete but for its name, which another one has. */
export interface Replacing {
  readonly unit: Unit;
  readonly claim: Claim;
  /** The name. */
  readonly name: string;
}

/** What the unit's clone is like from then on. */
export interface BecomesReady {
  readonly annotations: Readonly<Record<string, string>>;
  readonly password: string;
}

/** Throws REPLACE_UNSUPPORTED: the Secret of a clone of 0.1.0 is its pod's and its name's at once. */
export async function requireReplaceable(cluster: Cluster, name: string, context: WorkContext): Promise<void> {
  const [old] = await listUnits(cluster, context, selectorOf(name));
  if (old?.name !== objectName(name)) return;
  const message = `The clone ${name} was made by wpclone 0.1, and cannot be replaced in the cluster.`;
  throw new WpcloneError('REPLACE_UNSUPPORTED', message, { details: { name } });
}

/**
 * Gives the clone in a unit the name of another one, which is removed then. It is held meanwhile, so that nobody resets or removes it;
 * what hangs on the name belongs to both from before the change on; and the change itself is one write to the new unit, which names the one
 * that it replaces: whoever sees both takes the old one for gone (`listUnits`). Cut off before that write the old clone is as it was; cut
 * off after it the next sweep removes it. Throws BUSY while a job has the other clone, NAME_TAKEN when another gets the name.
 */
export async function takeNameOver(
  deps: ProvisionDeps,
  { unit, claim, name }: Replacing,
  { annotations, password }: BecomesReady,
  context: WorkContext,
): Promise<Unit> {
  const { cluster } = deps;
  const old = await hold(cluster, unit, name, context);
  const swap = async (): Promise<Unit> => {
    const named = { ...claim, cloneId: name };
    if (old === undefined) await takeName(cluster, named, workDeadline(cluster, context.now()), context);
    const owners = old === undefined ? [ownerOf(unit)] : [ownerOf(old), ownerOf(unit)];
    await share(deps, name, owners, claim.id, context);
    await Promise.all(createNetwork(deps, unit, named, context));
    await writePassword(cluster, { unit, cloneId: name, key: passwordKey(unit) }, password, context);
    const marks = old === undefined ? annotations : { ...annotations, [REPLACES]: old.uid };
    return become(cluster, unit, { to: 'READY', clone: name, job: null, annotations: marks }, context);
  };
  const ready = await orUndo(context, name, swap, async (undo) => {
    // Not when the change was made and nobody could hear of it: then the old one is no clone any more.
    const [now] = await listUnits(cluster, undo, selectorOf(name));
    if (old !== undefined && now?.uid !== unit.uid) await giveBack(deps, { unit, name }, old, undo);
  });
  await tidy(cluster, { unit, claim, name }, old, context);
  return ready;
}

/** Milliseconds for the change to be heard of after it was cancelled, and to look whether it was made. */
const CHANGE_GRACE = 5_000;
const CHANGE_LOOK = 10_000;

/** The change itself. One whose answer was lost was made all the same: then there is no other clone of the name any more. */
async function become(
  cluster: Cluster,
  unit: Unit,
  change: Transition & { readonly clone: string },
  context: WorkContext,
): Promise<Unit> {
  try {
    const pod = await withGrace(CHANGE_GRACE, context, (signal) =>
      transition(cluster, unit, change, { ...context, signal }),
    );
    return unitOf(pod, change.clone);
  } catch (error) {
    const late = new WpcloneError('CANCELLED', 'Looking at it took too long.');
    const look = (signal: AbortSignal) => listUnits(cluster, { ...context, signal }, selectorOf(change.clone));
    const units = await withTimeout(CHANGE_LOOK, context, late, look).catch(() => []);
    const made = units.find(({ uid, epoch }) => uid === unit.uid && epoch === unit.epoch);
    if (made === undefined) throw error;
    return made;
  }
}

/** The unit of the clone that has the name, held by this job from now on; undefined when there is none. Throws CLUSTER_CONFLICT when it is its own: another attempt was here. */
async function hold(cluster: Cluster, own: Unit, name: string, context: WorkContext): Promise<Unit | undefined> {
  for (;;) {
    const find = async (): Promise<Unit | undefined> => (await listUnits(cluster, context, selectorOf(name)))[0];
    const free = async (): Promise<{ readonly seen: Unit | undefined } | undefined> => {
      const seen = await find();
      const leased = seen !== undefined && isLeased(seen, context.now() + cluster.clockOffset());
      return leased && seen.jobId !== context.jobId ? undefined : { seen };
    };
    const found = await waitUntil(free, { every: LOOK, limit: PATIENCE, signal: context.signal }, context);
    if (found === undefined) throw unitBusy(name, (await find())?.state);
    const { seen } = found;
    if (seen === undefined) return undefined;
    if (seen.uid === own.uid) throw new WpcloneError('CLUSTER_CONFLICT', `${own.name} has the name ${name} already.`);
    const now = context.now();
    const until: Readonly<Record<string, string>> =
      seen.state === 'READY' ? { [HELD_UNTIL]: holdEnd(cluster, now) } : { [DEADLINE]: workDeadline(cluster, now) };
    try {
      const change = { to: seen.state, newEpoch: true, job: context.jobId, annotations: until };
      return unitOf(await transition(cluster, seen, change, context), name);
    } catch (error) {
      const { code } = toWpcloneError(error);
      if (code !== 'CLUSTER_CONFLICT' && code !== 'INSTANCE_LOST') throw error;
    }
  }
}

/** Says whose the objects of a name are, those that there are. */
async function share(
  { cluster, options }: ProvisionDeps,
  name: string,
  owners: readonly V1OwnerReference[],
  claim: string | undefined,
  context: WorkContext,
): Promise<void> {
  const patch = { metadata: { ownerReferences: owners, annotations: { [CLAIM]: claim ?? null } } };
  for (const kind of ['secrets', 'services', 'ingresses'] as const) {
    if (kind === 'ingresses' && options.domain === undefined) continue;
    await mergeObject(cluster, kind, objectName(name), patch, context).catch((error: unknown) => {
      if (kind === 'secrets' || !isGone(error)) throw error;
    });
  }
}

/** What would otherwise pass by itself: the hold within a minute, the rest without harm. */
async function giveBack(
  deps: ProvisionDeps,
  { unit, name }: Pick<Replacing, 'unit' | 'name'>,
  old: Unit,
  context: WorkContext,
): Promise<void> {
  const { cluster } = deps;
  const none = { data: { [passwordKey(unit)]: null } };
  await share(deps, name, [ownerOf(old)], old.claim, context);
  await mergeObject(cluster, 'secrets', objectName(name), none, context);
  const over = stampOf(cluster.clockOffset(), context.now() - 1000);
  await transition(cluster, old, { to: old.state, annotations: { [HELD_UNTIL]: over }, job: null }, context);
}

/** What is left to do changes nothing of what people see; the next sweep does what fails here. */
async function tidy(
  cluster: Cluster,
  { claim, name }: Replacing,
  old: Unit | undefined,
  context: WorkContext,
): Promise<void> {
  try {
    if (old !== undefined) await removeUnit(cluster, old, () => true, context);
    // Only what was the old one's: another may have replaced this one by now.
    const gone = { [PASSWORD]: null, ...(old === undefined ? {} : { [passwordKey(old)]: null }) };
    await mergeObject(cluster, 'secrets', objectName(name), { data: gone }, context);
    await removeOwn(cluster, 'secrets', objectName(claim.cloneId), claim.id, context);
  } catch (error) {
    const { message } = toWpcloneError(error);
    context.log.warn('what was replaced is left to the next sweep', { clone: name, error: message });
  }
}
