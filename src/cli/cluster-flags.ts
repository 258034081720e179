import { placeFlags } from './flags.ts';

/** Which cluster and namespace; for the commands that are about nothing else. */
export const clusterFlags = { context: placeFlags.context, namespace: placeFlags.namespace };
