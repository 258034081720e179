import type { WorkContext } from '../../../shared/context.ts';
import type { ErrorCode } from '../../../shared/error-codes.ts';
import { toWpcloneError } from '../../../shared/errors.ts';
import { type Kind, pathOf } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { isRightMissing, statusOf } from '../api/errors.ts';
import { defaultImage } from '../provision/images.ts';
import { podManifest, secretManifest, type UnitPlan } from '../provision/manifests.ts';
import { revisionOf } from '../provision/revision.ts';
import { newUnitName } from '../../unit-states.ts';
import { ingressManifest, ownerOf, serviceManifest } from '../provision/network-manifests.ts';
import type { KubernetesOptions } from '../options.ts';
import { withRetry } from '../api/retry.ts';
import type { Finding } from './finding.ts';

/**
 * Has the server make another clone's objects without keeping them (Kubernetes documentation, "Dry-run"): quotas, LimitRanges,
 * Pod Security and whatever else has a say then say it themselves.
 */
export async function rehearseClone(
  cluster: Cluster,
  options: KubernetesOptions,
  version: string,
  context: WorkContext,
): Promise<Finding[]> {
  const attempts = objectsOf(examplePlan(options, version, context), options).map(([kind, body]) =>
    tryToMake(cluster, kind, body, context),
  );
  const results = await Promise.all(attempts);
  if (results.every((result) => result === 'taken')) {
    return [{ name: 'dry-run', status: 'ok', detail: 'the server would take another clone' }];
  }
  return results.filter((result) => result !== 'told elsewhere' && result !== 'taken');
}

function examplePlan(options: KubernetesOptions, version: string, context: WorkContext): UnitPlan {
  return {
    name: newUnitName(context),
    jobId: 'dry-run',
    mark: 'dry-run',
    deadline: new Date(context.now()).toISOString(),
    image: defaultImage(options, version),
    revision: revisionOf(options, version),
    secrets: { token: '', databasePassword: '', rootPassword: '' },
  };
}

function objectsOf(plan: UnitPlan, options: KubernetesOptions): readonly (readonly [Kind, object])[] {
  const cloneId = plan.name.replace('unit', 'check');
  const claim = `dry-run/${cloneId}`;
  const owner = ownerOf({ name: plan.name, uid: plan.name });
  const { domain } = options;
  return [
    ['secrets', secretManifest(plan)],
    ['pods', podManifest(plan, options)],
    ['services', serviceManifest(cloneId, owner, claim)],
    ...(domain === undefined
      ? []
      : [['ingresses', ingressManifest(cloneId, owner, claim, { ...options, domain })] as const]),
  ];
}

/** What those say who have a say in what is let in, whatever their HTTP code. */
const ADMISSION: readonly ErrorCode[] = ['RULES_FORBID', 'WEBHOOK_UNREACHABLE'];

async function tryToMake(
  cluster: Cluster,
  kind: Kind,
  body: object,
  context: WorkContext,
): Promise<Finding | 'taken' | 'told elsewhere'> {
  const path = pathOf(cluster, kind, undefined, { dryRun: 'All' });
  const call = { method: 'POST', path, body, what: `create ${kind}`, signal: context.signal } as const;
  try {
    await withRetry(cluster, context, () => cluster.send(call));
    return 'taken';
  } catch (error) {
    const { code, message, nextSteps } = toWpcloneError(error);
    // By the checks of namespace and rights.
    if (code === 'NAMESPACE_MISSING' || isRightMissing(error)) return 'told elsewhere';
    // A webhook of the cluster does not know dry runs, and would be asked in earnest.
    if (statusOf(error) === 400 && /dry.?run/i.test(message)) {
      const detail = `whether the server would take another clone's ${kind} could not be tried: ${message}`;
      return { name: 'dry-run', status: 'warning', detail };
    }
    if (statusOf(error) === undefined && !ADMISSION.includes(code)) throw error;
    return { name: 'dry-run', status: 'failed', detail: message, fix: nextSteps.join(' ') };
  }
}
