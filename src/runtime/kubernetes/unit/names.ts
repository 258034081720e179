/** Labels and annotations: what everybody who can see the namespace knows about its units and clones. */
export const MANAGED_BY = 'app.kubernetes.io/managed-by';
const COMPONENT = 'app.kubernetes.io/component';
export const MANAGER = 'wpclone';

export const CLONE_LABEL = 'wpclone.dev/clone';
export const STATE_LABEL = 'wpclone.dev/state';

export const EPOCH = 'wpclone.dev/epoch';
/** Which claim the unit, or what was made for its clone, belongs to: the job and the clone's name, so that a job which claims again finds it. */
export const CLAIM = 'wpclone.dev/claim';
/** The job that has the lease of the unit; empty when none has. */
export const JOB = 'wpclone.dev/job';
/** When the present state is given up unless its holder has moved on or renewed it; by the API server's clock. */
export const DEADLINE = 'wpclone.dev/deadline';
/** Until when a unit that is READY is held by a job that reads it; by the API server's clock. */
export const HELD_UNTIL = 'wpclone.dev/held-until';
/** When the unit came into its present state. */
export const SINCE = 'wpclone.dev/since';
export const EXPIRES_AT = 'wpclone.dev/expires-at';
/** JSON: URL, source, administrator's name, time of creation. */
export const FACTS = 'wpclone.dev/facts';
/** The uid of the pod that this clone took the name over from: no clone any more, and about to go. */
export const REPLACES = 'wpclone.dev/replaces';
/** A random word per write: tells a lost answer from a lost race. */
export const TRANSITION = 'wpclone.dev/transition';
/** What the unit was made from. */
export const REVISION = 'wpclone.dev/revision';
/** Major and minor version of its PHP, where that is known. */
export const PHP = 'wpclone.dev/php';
/** A digest of what it was like when it was first ready, which its Secret tells of. */
export const GOLDEN = 'wpclone.dev/golden';
/** How many clones it has held. */
export const USES = 'wpclone.dev/uses';
/** When it last showed that it can be handed out, and which runs of its containers did. */
export const PROVEN_AT = 'wpclone.dev/proven-at';
export const PROVEN_RUNS = 'wpclone.dev/proven-runs';

/**
 * The name's lock (a Secret), Service and Ingress of a clone carry this name. For clones of 0.1.0 their pod does too, and the
 * lock is the Secret that it mounts.
 */
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
/** The unit of a clone. */
export const selectorOf = (cloneId: string): string => `${INSTANCE_SELECTOR},${CLONE_LABEL}=${cloneId}`;
