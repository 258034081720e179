import type { ReportingContext, WorkContext } from '../../../shared/context.ts';
import { createObject, mergeObject } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { unitOf } from '../unit/find.ts';
import { newUnitName } from '../../unit-states.ts';
import { TRANSITION } from '../unit/names.ts';
import { readUnit, removeCloneObjects, removeOwn, removeUnit } from '../unit/remove.ts';
import { stampOf, type Unit } from '../unit/unit.ts';
import type { Claim, ProvisionDeps } from './deps.ts';
import type { ChosenImage } from './images.ts';
import { podManifest, secretManifest, type UnitPlan } from './manifests.ts';
import { ownerOf } from './network-manifests.ts';
import { revisionOf } from './revision.ts';

/** A word that cannot be guessed, of characters that need no quoting anywhere. */
const secretWord = (context: WorkContext): string => context.randomBytes(24).toString('base64url');

/** What opens a unit; another for each clone. */
export const newSecrets = (context: WorkContext): UnitPlan['secrets'] => ({
  token: secretWord(context),
  databasePassword: secretWord(context),
  rootPassword: secretWord(context),
});

/** What a new unit is to be. Until its time to start is over, a minute more, nobody takes it for a dead job's. */
export function planUnit(
  { cluster, options, version }: ProvisionDeps,
  { image, php }: ChosenImage,
  context: WorkContext,
): UnitPlan {
  const limit = options.provisionSeconds * 1000 + 60_000;
  return {
    name: newUnitName(context),
    jobId: context.jobId,
    mark: secretWord(context),
    deadline: stampOf(cluster.clockOffset(), context.now() + limit),
    image,
    php,
    revision: revisionOf(options, version),
    secrets: newSecrets(context),
  };
}

/** Makes the objects of a unit; it is CREATING and its pod starts. The Secret comes first, since the pod mounts it. */
export async function createUnit({ cluster, options }: ProvisionDeps, plan: UnitPlan, context: ReportingContext) {
  const mark = { annotation: TRANSITION, value: plan.mark };
  await createObject(cluster, 'secrets', secretManifest(plan), mark, context);
  const pod = await createObject(cluster, 'pods', podManifest(plan, options), mark, context);
  return unitOf(pod, plan.name);
}

/** From now on the unit's Secret goes with its pod. */
export const ownSecret = (cluster: Cluster, unit: Unit, context: WorkContext) =>
  mergeObject(cluster, 'secrets', unit.name, { metadata: { ownerReferences: [ownerOf(unit)] } }, context);

/**
 * Takes back what `createUnit` made, as long as no other job has it, and what hangs on it of `claim`. Also when somebody else has
 * deleted its pod already: the cluster's garbage collector comes for the rest only some time after the node has taken it down.
 */
export async function removeMade(
  cluster: Cluster,
  { name, jobId }: UnitPlan,
  claim: Pick<Claim, 'id' | 'cloneId'> | undefined,
  context: WorkContext,
): Promise<void> {
  const unit = await readUnit(cluster, name, context);
  const own = (seen: Unit): boolean => seen.cloneId === undefined || seen.jobId === jobId;
  if (unit !== undefined) return void (await removeUnit(cluster, unit, own, context));
  await Promise.all([
    removeOwn(cluster, 'secrets', name, undefined, context),
    claim && removeCloneObjects(cluster, claim.cloneId, claim.id, context),
  ]);
}
