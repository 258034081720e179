import { allOrNothing } from '../../../shared/all-or-nothing.ts';
import { nameTaken } from '../../../shared/clone-errors.ts';
import type { ReportingContext, WorkContext } from '../../../shared/context.ts';
import type { ErrorCode } from '../../../shared/error-codes.ts';
import { toWpcloneError } from '../../../shared/errors.ts';
import type { Instance, ProvisionRequest } from '../../leases.ts';
import { deleteObject, getObject, requireNamespace } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { listUnits } from '../unit/find.ts';
import { workDeadline } from '../unit/keep-alive.ts';
import { CLAIM, objectName } from '../unit/names.ts';
import { readUnit, removeUnit } from '../unit/remove.ts';
import { stampOf, type Unit } from '../unit/unit.ts';
import { type Settled, settleUnit, takeUnit, takeUp } from './claim.ts';
import { type Claim, claimOf, finalName, type ProvisionDeps } from './deps.ts';
import { type ChosenImage, chooseImage, sameBranch } from './images.ts';
import { freeOrigin } from './local-port.ts';
import { createUnit, ownSecret, planUnit, removeMade } from './make.ts';
import { takeName } from './name.ts';
import { revisionOf } from './revision.ts';
import { orUndo } from './undo.ts';

/** Milliseconds for a unit that waited warm to show that it still runs. */
const WARM_LIMIT = 10_000;
/** Milliseconds for which a unit's own word is enough. */
const FRESH = 5_000;

/** A unit that was given to a clone, and where it came from. */
export interface Provisioned extends Settled {
  readonly how: Instance['how'];
}

/**
 * Claims a warm unit for a clone or makes one. Whatever fails, nothing stays behind; when this process dies, the deadline on each
 * object lets the next sweep remove it. Throws NAME_TAKEN.
 */
export async function provisionUnit(
  deps: ProvisionDeps,
  request: ProvisionRequest,
  context: ReportingContext,
): Promise<Provisioned> {
  return underName(deps, request, context, async (attempt) => {
    const found = await tryFound(deps, attempt, context);
    return typeof found === 'string' ? { ...(await makeFor(deps, attempt, context)), how: 'created' } : found;
  });
}

/** Only claims: `contended` when others took each that was there, `none` when none was. Throws NAME_TAKEN. */
export async function claimUnit(
  deps: ProvisionDeps,
  request: ProvisionRequest,
  context: ReportingContext,
): Promise<Provisioned | 'contended' | 'none'> {
  return underName(deps, request, context, async (attempt) => {
    const found = await tryFound(deps, attempt, context);
    if (typeof found === 'string') await releaseName(deps.cluster, attempt.claim, context);
    return found;
  });
}

/** One attempt to provision: what is asked for, and what there was when it began. */
interface Attempt {
  readonly claim: Claim;
  readonly chosen: ChosenImage;
  readonly units: readonly Unit[];
  /** Of the lock, until a unit owns it, and of a unit that is made for the clone. */
  readonly deadline: string;
}

async function underName<T>(
  deps: ProvisionDeps,
  request: ProvisionRequest,
  context: ReportingContext,
  work: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const { cluster, options, version } = deps;
  const { id: cloneId } = request;
  const chosen = await chooseImage(options, version, request.phpVersion, context, request.php);
  warnWhenDifferent(request, chosen.php, context);
  // The first answer of an API server also tells its time, which all stamps are in.
  if (!cluster.hasAnswered()) await requireNamespace(cluster, context);
  const claim = claimOf(request, context);
  const deadline = stampOf(cluster.clockOffset(), context.now() + options.provisionSeconds * 1000 + 60_000);
  const take = async (): Promise<T> => {
    const [units] = await allOrNothing(context.signal, (signal) => [
      listUnits(cluster, { ...context, signal }),
      takeName(cluster, claim, deadline, { ...context, signal }),
    ]);
    return work({ claim, chosen, units, deadline });
  };
  return orUndo(context, cloneId, take, (undo) => releaseName(cluster, claim, undo));
}

function warnWhenDifferent(request: ProvisionRequest, php: string | undefined, context: WorkContext): void {
  if (php === undefined) return;
  void request.phpVersion?.then((wanted) => {
    if (wanted === undefined || sameBranch(wanted, php)) return undefined;
    const message = `The source runs PHP ${wanted}; the nearest image that is configured has PHP ${php}.`;
    return context.emit({ type: 'warning', code: 'PHP_VERSION_DIFFERS', message });
  });
}

/** Unlocks a name that no unit owns yet: with one, the lock goes when it does. */
async function releaseName(cluster: Cluster, { id, cloneId }: Claim, context: WorkContext): Promise<void> {
  const name = objectName(cloneId);
  const {
    annotations,
    uid,
    ownerReferences = [],
  } = (await getObject(cluster, 'secrets', name, context))?.metadata ?? {};
  if (uid === undefined || annotations?.[CLAIM] !== id || ownerReferences.length > 0) return;
  await deleteObject(cluster, 'secrets', { name, uid }, context);
}

/** What says that a unit is no good, which another may be. */
const BROKEN: readonly ErrorCode[] = [
  'CLUSTER_CONFLICT',
  'CLUSTER_FAILED',
  'CONTAINER_CRASHED',
  'DATABASE_FAILED',
  'INSTANCE_LOST',
  'PROTOCOL_MISMATCH',
  'PROVISION_TIMED_OUT',
  'SERVER_FAILED',
];

/** The unit that this job has already, because it asked before and did not hear the answer, or was cut off; else one that waits warm. */
async function tryFound(
  deps: ProvisionDeps,
  attempt: Attempt,
  context: ReportingContext,
): Promise<Provisioned | 'contended' | 'none'> {
  const { claim, units } = attempt;
  const own = units.find((unit) => unit.claim === claim.id && unit.state === 'ASSIGNED');
  if (own !== undefined) {
    const taken = await tryUnit(deps, own, 'taken-up', attempt, context);
    if (taken !== undefined) return taken;
  } else if (units.some(({ cloneId }) => cloneId === claim.cloneId)) throw nameTaken(claim.cloneId);
  const warm = candidates(deps, attempt, context);
  for (const unit of warm) {
    const taken = await tryUnit(deps, unit, 'warm', attempt, context);
    if (taken !== undefined) return taken;
  }
  return warm.length === 0 ? 'none' : 'contended';
}

/** Undefined when the unit is no good, or somebody else's by now. */
async function tryUnit(
  deps: ProvisionDeps,
  unit: Unit,
  how: 'warm' | 'taken-up',
  attempt: Attempt,
  context: ReportingContext,
): Promise<Provisioned | undefined> {
  const { cluster, options } = deps;
  const { claim } = attempt;
  try {
    const taken =
      how === 'warm' ? await takeWarm(deps, unit, attempt, context) : await takeUp(deps, unit, claim, context);
    const limit = how === 'warm' ? WARM_LIMIT : options.provisionSeconds * 1000;
    return { ...(await settleOrRemove(deps, taken, how, claim, limit, context)), how };
  } catch (error) {
    context.signal.throwIfAborted();
    const { code, message } = toWpcloneError(error);
    if (!BROKEN.includes(code)) throw error;
    context.log.warn('a unit could not be had', { unit: unit.name, how, code, message });
    // It went with the unit, if that was ours already.
    await takeName(cluster, claim, attempt.deadline, context);
    return undefined;
  }
}

/** Those that can be handed out, in the order of chance: claimers must not all try the same one first. */
function candidates(
  { cluster, options, version }: ProvisionDeps,
  attempt: Attempt,
  context: WorkContext,
): readonly Unit[] {
  const now = context.now() + cluster.clockOffset();
  const revision = revisionOf(options, version);
  const chance = new Map(attempt.units.map((unit) => [unit, context.randomBytes(4).readUInt32BE()]));
  return attempt.units
    .filter((unit) => unit.state === 'WARM' && isThere(unit, now) && unit.runs === unit.provenRuns)
    .filter((unit) => unit.revision === revision && isChosen(unit, attempt.chosen))
    .filter(({ deadline = 0 }) => deadline > now)
    .toSorted((one, other) => (chance.get(one) ?? 0) - (chance.get(other) ?? 0));
}

/** One image may stand under several versions. */
const isChosen = ({ image, phpVersion }: Unit, { image: wanted, php }: ChosenImage): boolean =>
  image === wanted && (php === undefined || phpVersion === php);

/** The kubelet says so a second or two after the unit itself has shown it. */
const isThere = ({ ready, provenAt }: Unit, now: number): boolean => ready || now - (provenAt ?? 0) < FRESH;

/** A time-out is an unknown outcome: what was written all the same is undone. */
const takeWarm = (deps: ProvisionDeps, unit: Unit, attempt: Attempt, context: WorkContext): Promise<Unit> =>
  orUndo(
    context,
    unit.name,
    () => {
      const deadline = workDeadline(deps.cluster, context.now());
      return takeUnit(deps, unit, attempt.claim, originFor(deps, attempt, context), deadline, context);
    },
    async (undo) => {
      const now = await readUnit(deps.cluster, unit.name, undo);
      if (now?.claim === attempt.claim.id)
        await removeUnit(deps.cluster, now, ({ claim }) => claim === now.claim, undo);
    },
  );

const settleOrRemove = (
  deps: ProvisionDeps,
  taken: Unit,
  how: 'warm' | 'taken-up',
  claim: Claim,
  limit: number,
  context: ReportingContext,
): Promise<Settled> =>
  orUndo(
    context,
    taken.name,
    () =>
      settleUnit(deps, taken, claim, limit, context, (work) =>
        // The Secret of a warm one is its own since it was made.
        how === 'warm' ? [] : [ownSecret(deps.cluster, taken, work)],
      ),
    (undo) => removeUnit(deps.cluster, taken, ({ epoch }) => epoch === taken.epoch, undo),
  );

const originFor = ({ options }: ProvisionDeps, { claim, units }: Attempt, context: WorkContext): string =>
  options.domain === undefined ? freeOrigin(options, units, context) : `https://${finalName(claim)}.${options.domain}`;

/** A unit of its own for the clone: made and claimed as any other, except that nobody else sees it warm. */
async function makeFor(deps: ProvisionDeps, attempt: Attempt, context: ReportingContext): Promise<Settled> {
  const { cluster, options } = deps;
  const plan = planUnit(deps, attempt.chosen, context);
  const make = async (): Promise<Settled> => {
    const made = await createUnit(deps, plan, context);
    const taken = await takeUnit(deps, made, attempt.claim, originFor(deps, attempt, context), plan.deadline, context);
    const limit = options.provisionSeconds * 1000;
    return settleUnit(deps, taken, attempt.claim, limit, context, (work) => [ownSecret(cluster, taken, work)]);
  };
  return orUndo(context, plan.name, make, (undo) => removeMade(cluster, plan, attempt.claim, undo));
}
