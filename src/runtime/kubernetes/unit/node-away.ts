import type { V1Pod } from '@kubernetes/client-node';

/**
 * Whether the node of a pod does not answer the cluster. Then the control plane says that the pod is not ready, while the kubelet's last word
 * stands that all its containers are; a kubelet says both or neither.
 */
export function isNodeAway({ status }: Pick<V1Pod, 'status'>): boolean {
  const saying = (type: string) => status?.conditions?.find((each) => each.type === type)?.status;
  return saying('ContainersReady') === 'True' && saying('Ready') === 'False';
}
