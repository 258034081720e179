import { define } from './define.ts';

/** Kubernetes. */
export const CLUSTER_ERRORS = define({
  KUBECONFIG_INVALID: {
    exit: 2,
    http: 500,
    next: ['Check KUBECONFIG and --context; kubectl config get-contexts lists the contexts.'],
  },
  CLUSTER_UNREACHABLE: {
    exit: 1,
    http: 502,
    next: ['Check that kubectl get --raw /readyz answers with the same context.'],
  },
  CLUSTER_AUTH: { exit: 4, http: 401, next: ['Renew your log-in to the cluster, then try again.'] },
  CLUSTER_FORBIDDEN: {
    exit: 4,
    http: 403,
    next: ['Ask for the right to {right}.', 'wpclone cluster check shows all that is missing.'],
  },
  NAMESPACE_MISSING: {
    exit: 5,
    http: 404,
    next: ['Create it with wpclone cluster init, or choose another with --namespace.'],
  },
  QUOTA_EXCEEDED: {
    exit: 1,
    http: 507,
    next: ['Delete clones you no longer need, or raise the quota of the namespace.'],
  },
  RULES_FORBID: {
    exit: 4,
    http: 403,
    next: [
      'Change resources in the kubernetes settings, or the LimitRange, quota or policy that is named above; wpclone cluster check tries it out.',
    ],
  },
  WEBHOOK_UNREACHABLE: {
    exit: 1,
    http: 502,
    next: [
      'Mend the admission webhook that is named above, or have it leave this namespace alone (namespaceSelector).',
    ],
  },
  SERVICE_ACCOUNT_MISSING: {
    exit: 5,
    http: 503,
    next: ['Make it: kubectl -n {namespace} create serviceaccount default. Usually the controller manager does so.'],
  },
  UNSCHEDULABLE: {
    exit: 1,
    http: 503,
    next: ['Free resources on the nodes, or add a node; the scheduler’s reason is in the message.'],
  },
  IMAGE_UNAVAILABLE: {
    exit: 1,
    http: 502,
    next: ['Check the image name and that the nodes may pull it; docs/KUBERNETES.md shows how to build it.'],
  },
  CONTAINER_CRASHED: { exit: 1, http: 500, next: ['Its last log lines are above; wpclone logs {name} shows more.'] },
  INSTANCE_LOST: { exit: 1, http: 502, next: ['The pod went away in the middle of the work; try again.'] },
  PROVISION_TIMED_OUT: {
    exit: 1,
    http: 504,
    next: ['See what the cluster is doing with wpclone cluster check, then try again.'],
  },
  PROTOCOL_MISMATCH: {
    exit: 1,
    http: 502,
    next: ['Update {update}.', 'Build the image of this version and name it in {image}: docs/KUBERNETES.md shows how.'],
  },
  CLUSTER_CONFLICT: { exit: 5, http: 409, next: ['Try again; somebody else changed it at the same time.'] },
  CLUSTER_FAILED: { exit: 1, http: 502, next: ['Try again; if it fails again, look at the events of the namespace.'] },
});
