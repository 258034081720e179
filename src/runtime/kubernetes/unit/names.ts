/** Labels and annotations: what everybody who can see the namespace knows about its clones. */
export const MANAGED_BY = 'app.kubernetes.io/managed-by';
const COMPONENT = 'app.kubernetes.io/component';
export const MANAGER = 'wpclone';

export const CLONE_LABEL = 'wpclone.dev/clone';
export const STATE_LABEL = 'wpclone.dev/state';

export const EPOCH = 'wpclone.dev/epoch';
export const CLAIM = 'wpclone.dev/claim';
/** When the present state is given up unless its holder has moved on or renewed it; by the API server's clock. */
export const DEADLINE = 'wpclone.dev/deadline';
export const EXPIRES_AT = 'wpclone.dev/expires-at';
/** JSON: URL, source, administrator's name, time of creation. */
export const FACTS = 'wpclone.dev/facts';
/** A random word per write: tells a lost answer from a lost race. */
export const TRANSITION = 'wpclone.dev/transition';

/** Pods, Secret, Service and Ingress of a clone carry the same name. */
export const objectName = (cloneId: string): string => `wpclone-${cloneId}`;

/** What cert-manager puts a clone's certificate into. No clone's own Secret can have this name: its has no dot. */
export const certificateName = (cloneId: string): string => `${objectName(cloneId)}.tls`;
/** cert-manager's annotation on a Secret that it filled. */
export const CERTIFICATE = 'cert-manager.io/certificate-name';

/** Labels of all objects that we make (Kubernetes documentation, "Recommended Labels"). */
export const managedLabels = (component: string): Record<string, string> => ({
  'app.kubernetes.io/name': 'wpclone',
  [MANAGED_BY]: MANAGER,
  [COMPONENT]: component,
});

const MANAGED_SELECTOR = `${MANAGED_BY}=${MANAGER}`;
export const INSTANCE_SELECTOR = `${MANAGED_SELECTOR},${COMPONENT}=instance`;
