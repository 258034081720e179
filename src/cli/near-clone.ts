import { noSuchClone, noSuchCloneBut } from '../shared/clone-errors.ts';
import type { WorkContext } from '../shared/context.ts';
import { WpcloneError } from '../shared/errors.ts';
import type { CloneReport } from '../operations/clone-report.ts';
import { nearest } from './nearest.ts';

/** The error of a clone that there is not, with the one that was most likely meant; any other error as it is. */
export async function withNearClone(
  failure: unknown,
  { list }: { readonly list: (context: WorkContext) => Promise<readonly Pick<CloneReport, 'clone_id'>[]> },
  context: WorkContext,
): Promise<unknown> {
  if (!(failure instanceof WpcloneError) || failure.code !== 'NOT_FOUND') return failure;
  const name = /(\S+)\.$/.exec(failure.message)?.[1] ?? '';
  // An agent's error has lost its details on the way.
  if (failure.message !== noSuchClone(name).message) return failure;
  const clones = await list(context).catch(() => []);
  const meant = nearest(
    name,
    clones.map((clone) => clone.clone_id),
  );
  return meant === undefined ? failure : noSuchCloneBut(name, meant, failure);
}
