import { whyNoRoots } from '../support/foreign/root.ts';

/** Says why nothing is tested where the roots cannot be made: a matrix that is silently empty would look like a good one. */
export async function setup(): Promise<void> {
  const why = await whyNoRoots();
  if (why !== undefined) throw new Error(`The matrix needs roots of other releases of Debian: ${why}.`);
}
