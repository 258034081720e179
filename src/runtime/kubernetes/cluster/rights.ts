import type { WorkContext } from '../../../shared/context.ts';
import type { Cluster } from '../api/client.ts';
import { withRetry } from '../api/retry.ts';
import { LEASE } from '../tending.ts';

export interface Right {
  readonly verb: string;
  readonly group: string;
  /** `pods` or `pods/proxy`. */
  readonly resource: string;
  /** Only of the object of this name. */
  readonly name?: string;
  readonly neededFor: string;
  /** Clones work without it: with fewer explanations, or an agent removes nothing. */
  readonly only?: 'to explain' | 'for an agent';
}

const each = (verbs: readonly string[], group: string, resource: string, neededFor: string): Right[] =>
  verbs.map((verb) => ({ verb, group, resource, neededFor }));
const forAgent = (right: Right): Right => ({ ...right, only: 'for an agent' });
const ofLease = (right: Right): Right => ({ ...right, name: LEASE });
const toExplain = (right: Right): Right => ({ ...right, only: 'to explain' });

const OWN = ['get', 'list', 'create', 'delete'];

const leases = (verbs: readonly string[]): Right[] =>
  each(verbs, 'coordination.k8s.io', 'leases', 'an agent that clears up').map(forAgent);

/** Exactly what the roles of templates/kubernetes grant; a test compares them. */
export const rightsNeeded = (withDomain: boolean): readonly Right[] => [
  ...each([...OWN, 'patch', 'watch'], '', 'pods', 'clones'),
  ...each([...OWN, 'patch'], '', 'secrets', 'the passwords of clones'),
  ...each(OWN, '', 'services', 'clones'),
  ...(withDomain ? each(OWN, 'networking.k8s.io', 'ingresses', 'the addresses of clones') : []),
  ...each(['get', 'create'], '', 'pods/proxy', 'talking to an instance'),
  // A web socket is opened by GET; from Kubernetes 1.35 on, that counts as create too.
  ...each(['get', 'create'], '', 'pods/portforward', 'wpclone open without a domain'),
  ...each(['get'], '', 'pods/log', 'wpclone logs'),
  ...each(['list', 'watch'], '', 'events', 'saying why a pod does not start').map(toExplain),
  ...leases(['get', 'update']).map(ofLease),
  ...leases(['create']),
  ...each(['get'], 'batch', 'cronjobs', 'wpclone cluster check').map(toExplain),
];

/** Asks the API server which of the rights the present user has (SelfSubjectAccessReview). */
export async function missingRights(
  cluster: Cluster,
  rights: readonly Right[],
  context: WorkContext,
): Promise<readonly Right[]> {
  const answers = await Promise.all(rights.map((right) => isAllowed(cluster, right, context)));
  return rights.filter((_, index) => answers[index] !== true);
}

async function isAllowed(cluster: Cluster, right: Right, context: WorkContext): Promise<boolean> {
  const [resource, subresource] = right.resource.split('/');
  const { verb, group, name } = right;
  const call = {
    method: 'POST',
    path: 'apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
    what: 'ask for rights',
    signal: context.signal,
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { namespace: cluster.namespace, verb, group, resource, subresource, name } },
    },
  } as const;
  interface Review {
    readonly status?: { readonly allowed?: boolean };
  }
  const review = await withRetry(cluster, context, () => cluster.send<Review>(call));
  return review.status?.allowed === true;
}
