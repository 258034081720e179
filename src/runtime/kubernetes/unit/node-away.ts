import type { V1Pod } from '@kubernetes/client-node';

/**
 * Whether the node of a pod does not answer the cluster. Then the control plane says that the pod is not ready, while the kubelet's last word
 * stands that all its containers are; a kubelet says both or neither, unless the pod waits for something else, which it says too (Kubernetes
 * documentation, "Pod readiness": a cloud's load balancer has its gates put into pods).
 */
export function isNodeAway({ status }: Pick<V1Pod, 'status'>): boolean {
  const saying = (type: string) => status?.conditions?.find((each) => each.type === type);
  const ready = saying('Ready');
  return (
    saying('ContainersReady')?.status === 'True' &&
    ready?.status === 'False' &&
    ready.reason !== 'ReadinessGatesNotReady'
  );
}
