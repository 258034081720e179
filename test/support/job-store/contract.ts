import { claimKeepsItsPromises } from './claim.ts';
import { endsAreFinal } from './end.ts';
import { enqueueKeepsItsPromises } from './enqueue.ts';
import type { OpenStore } from './kit.ts';
import { anyOrderIsSafe } from './model.ts';
import { ownersKeepTheirRights } from './owner.ts';

/** The promises that every JobStore keeps. `open` makes an empty one. */
export function jobStoreContract(open: OpenStore): void {
  enqueueKeepsItsPromises(open);
  claimKeepsItsPromises(open);
  ownersKeepTheirRights(open);
  endsAreFinal(open);
  anyOrderIsSafe(open);
}
