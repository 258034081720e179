import { LOOK_SECTIONS } from '../../../instance/declared.ts';
import type { LookSection } from '../../../instance/types.ts';
import type { WorkContext } from '../../../shared/context.ts';
import { getObject, mergeObject } from '../api/objects.ts';
import { askSidecar } from '../provision/claim.ts';
import type { ProvisionDeps } from '../provision/deps.ts';
import { newSecrets } from '../provision/make.ts';
import { secretData, type UnitPlan } from '../provision/manifests.ts';
import { sidecarOf } from '../sidecar/address.ts';
import { askInstance } from '../sidecar/client.ts';
import { removeCloneObjects } from '../unit/remove.ts';
import type { Unit } from '../unit/unit.ts';
import { proveRenewed, type Recycled } from './prove.ts';
import { recallGolden } from './remember.ts';
import { LIMIT, pauseUntil, podOf, requireSameSidecar, unproven, untilNew, withEither } from './wait.ts';

/** Where the last clone's web container, which may do as it likes, and who asks the database have no say. */
const ELSEWHERE: ReadonlySet<LookSection> = new Set(['connections', 'processes', 'web-tmp']);
const SHOWN = LOOK_SECTIONS.filter((section) => !ELSEWHERE.has(section));

/**
 * Ends all that runs in the unit, gives it new secrets, empties it, and looks whether it is as it was when it was first ready. `before`: as it
 * was while it held the clone. What the next step rests on is done when nothing of the clone's runs any more that could hear of it or undo it:
 * first the web container ends, then the database and the sidecar, which by then has been given what opens it from now on. Throws what keeps
 * it from being known.
 */
export async function renewUnit(
  deps: ProvisionDeps,
  before: Unit,
  taken: Unit,
  context: WorkContext,
): Promise<Recycled> {
  const { cluster, insideCluster } = deps;
  const until = context.now() + LIMIT;
  const golden = await recallGolden(cluster, taken, context);
  if (golden === undefined) throw unproven('what it was like when it was first ready is not known any more');
  if (before.cloneId !== undefined) await removeCloneObjects(cluster, before.cloneId, before.claim, context);
  const first = await podOf(deps, taken, context);
  requireSameSidecar(before, first);
  const sidecar = sidecarOf(cluster, taken, insideCluster, context);
  const { seen, closedAt } = await askInstance(sidecar, 'endTenancy', {}, context.signal);
  const unseen = SHOWN.filter((section) => !seen.includes(section));
  if (unseen.length > 0) throw unproven(`what was put there to be found was not seen in ${unseen.join(', ')}`);
  const shut = await untilNew(deps, taken, { before: first, after: closedAt, containers: ['web'] }, until, context);
  requireSameSidecar(before, shut);
  const [old, fresh] = await exchangeSecrets(deps, taken, context);
  // The pod gets to see them a moment later: until then the old token opens it.
  const { endedAt } = await withEither(deps, taken, [old.token, fresh.token], context, until, (either) =>
    askInstance(either, 'endServers', {}, context.signal),
  );
  const ended = { before: shut, after: endedAt, containers: ['database', 'sidecar'] };
  await untilNew(deps, taken, ended, until, context);
  await withEither(deps, taken, [fresh.token], context, until, (own) =>
    askInstance(own, 'beginAnew', { oldPassword: old.databasePassword }, context.signal),
  );
  const ready = await podOf(deps, taken, context);
  const asks = askSidecar(deps, taken, context);
  while (!(await asks(ready, context.signal))) await pauseUntil(until, 'it does not answer', context);
  return proveRenewed(deps, taken, golden, old.token, context);
}

type Opening = Pick<UnitPlan['secrets'], 'token' | 'databasePassword'>;

/** What opened the unit until now, and what does from now on. */
async function exchangeSecrets(
  { cluster }: ProvisionDeps,
  { name }: Unit,
  context: WorkContext,
): Promise<readonly [old: Opening, fresh: Opening]> {
  const secret = await getObject(cluster, 'secrets', name, context);
  const word = (key: string): string => Buffer.from(secret?.data?.[key] ?? '', 'base64').toString('utf8');
  const fresh = newSecrets(context);
  await mergeObject(cluster, 'secrets', name, { stringData: secretData(fresh) }, context);
  return [{ token: word('token'), databasePassword: word('database-password') }, fresh];
}
