import type { V1Ingress, V1OwnerReference, V1Service } from '@kubernetes/client-node';
import { certificateName, CLAIM, CLONE_LABEL, managedLabels, objectName } from '../unit/names.ts';
import type { KubernetesOptions } from '../options.ts';

/** The Service that an Ingress leads to. */
export function serviceManifest(cloneId: string, owner: V1OwnerReference, claim: string): V1Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: ownedMetadata(cloneId, owner, claim),
    spec: { selector: { [CLONE_LABEL]: cloneId }, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  };
}

/** The Ingress of a clone with a domain. */
export function ingressManifest(
  cloneId: string,
  owner: V1OwnerReference,
  claim: string,
  options: KubernetesOptions & { domain: string },
): V1Ingress {
  const host = `${cloneId}.${options.domain}`;
  const { ingressClass, tlsSecret, clusterIssuer, ingressAnnotations } = options;
  const secretName = tlsSecret ?? (clusterIssuer === undefined ? undefined : certificateName(cloneId));
  const backend = { service: { name: objectName(cloneId), port: { name: 'http' } } };
  const metadata = ownedMetadata(cloneId, owner, claim);
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      ...metadata,
      annotations: {
        ...metadata.annotations,
        ...ingressAnnotations,
        ...(clusterIssuer === undefined ? {} : { 'cert-manager.io/cluster-issuer': clusterIssuer }),
      },
    },
    spec: {
      ...(ingressClass === undefined ? {} : { ingressClassName: ingressClass }),
      // Without a secret the controller's own certificate (or the load balancer's) is used.
      tls: [{ hosts: [host], ...(secretName === undefined ? {} : { secretName }) }],
      rules: [{ host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
    },
  };
}

function ownedMetadata(cloneId: string, owner: V1OwnerReference, claim: string) {
  return {
    name: objectName(cloneId),
    labels: { ...managedLabels('instance'), [CLONE_LABEL]: cloneId },
    annotations: { [CLAIM]: claim },
    ownerReferences: [owner],
  };
}

/** Whatever hangs on the pod goes with it. */
export const ownerOf = (pod: { readonly name: string; readonly uid: string }): V1OwnerReference => ({
  apiVersion: 'v1',
  kind: 'Pod',
  name: pod.name,
  uid: pod.uid,
});
