import type { WorkContext } from '../../../shared/context.ts';
import type { ProvisionRequest } from '../../leases.ts';
import type { Cluster } from '../api/client.ts';
import type { KubernetesOptions } from '../options.ts';

/** What units are made and claimed with. */
export interface ProvisionDeps {
  readonly cluster: Cluster;
  readonly options: KubernetesOptions;
  /** Of the package; names the default image. */
  readonly version: string;
  /** Pods are reached by their own addresses instead of through the API server. */
  readonly insideCluster: boolean;
}

/** A clone's right to a unit, as it stands on all that belongs to it. */
export interface Claim {
  readonly id: string;
  readonly jobId: string;
  readonly cloneId: string;
  readonly request: ProvisionRequest;
}

/** The claim of a job to a unit for the clone that it asks for. */
export const claimOf = (request: ProvisionRequest, { jobId }: Pick<WorkContext, 'jobId'>): Claim => ({
  id: `${jobId}/${request.id}`,
  jobId,
  cloneId: request.id,
  request,
});

/** What the clone is called once it is ready: then one that replaces another has the name of that one. */
export const finalName = ({ cloneId, request }: Claim): string => request.replaces ?? cloneId;
