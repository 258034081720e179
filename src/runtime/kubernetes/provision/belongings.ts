import { allOrNothing } from '../../../shared/all-or-nothing.ts';
import type { WorkContext } from '../../../shared/context.ts';
import { createObject, deleteObject, getObject, mergeObject } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { statusOf } from '../api/errors.ts';
import { CLAIM, MANAGED_BY, MANAGER, objectName } from '../unit/names.ts';
import type { Unit } from '../unit/unit.ts';
import type { Claim, ProvisionDeps } from './deps.ts';
import { takenBy } from './name.ts';
import { ingressManifest, ownerOf, serviceManifest } from './network-manifests.ts';

/**
 * What hangs on a unit from the moment it is a clone's: the lock of the name, its Service and, with a domain, its Ingress. A clone that is to
 * have the name of another has no address of its own until then.
 */
export async function createBelongings(
  deps: ProvisionDeps,
  unit: Unit,
  claim: Claim,
  context: WorkContext,
): Promise<void> {
  await allOrNothing(context.signal, (signal) => {
    const work = { ...context, signal };
    const own = { metadata: { ownerReferences: [ownerOf(unit)] } };
    return [
      mergeObject(deps.cluster, 'secrets', objectName(claim.cloneId), own, work),
      ...(claim.request.replaces === undefined ? createNetwork(deps, unit, claim, work) : []),
    ];
  });
}

/** Where people reach the clone. */
export function createNetwork(
  { cluster, options }: ProvisionDeps,
  unit: Unit,
  claim: Claim,
  context: WorkContext,
): readonly Promise<void>[] {
  const { cloneId, id } = claim;
  const owner = ownerOf(unit);
  const { domain } = options;
  const ingress = (host: string) => ingressManifest(cloneId, owner, id, { ...options, domain: host });
  return [
    createNamed(cluster, 'services', serviceManifest(cloneId, owner, id), claim, context),
    ...(domain === undefined ? [] : [createNamed(cluster, 'ingresses', ingress(domain), claim, context)]),
  ];
}

/**
 * Whoever has the lock has the name: what is there of ours belonged to an earlier clone, and waits for the cluster's garbage
 * collector. Throws NAME_TAKEN for what somebody else called so.
 */
async function createNamed<K extends 'services' | 'ingresses'>(
  cluster: Cluster,
  kind: K,
  manifest: Parameters<typeof createObject<K>>[2],
  { id, cloneId }: Claim,
  context: WorkContext,
): Promise<void> {
  const create = () => createObject(cluster, kind, manifest, { annotation: CLAIM, value: id }, context);
  try {
    await create();
  } catch (error) {
    if (statusOf(error) !== 409) throw error;
    const name = objectName(cloneId);
    const { metadata } = (await getObject(cluster, kind, name, context)) ?? {};
    if (metadata?.uid !== undefined) {
      if (metadata.labels?.[MANAGED_BY] !== MANAGER)
        throw takenBy(kind === 'services' ? 'Service' : 'Ingress', metadata, cloneId);
      await deleteObject(cluster, kind, { name, uid: metadata.uid }, context);
    }
    await create();
  }
}
