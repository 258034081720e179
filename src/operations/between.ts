import type { WorkContext } from '../shared/context.ts';
import { type ThrowAwaySite, withThrowAway } from './throw-away.ts';
import type { AppliedReport, ApplyRequest, Credentials, Operations, RestorePlan, RestoreRequest } from './types.ts';

/** Two sites, of which the first is copied for this and the second is restored to. */
export interface TwoSites {
  readonly from: ThrowAwaySite;
  readonly to: string;
}

interface TwoLogins {
  readonly from: Credentials;
  readonly to: Credentials;
}

type Restores = Pick<Operations, 'clone' | 'extend' | 'delete' | 'planRestore' | 'applyRestore'>;

/** Says what would go from one site to the other. Reads only. */
export function planBetween(
  operations: Restores,
  { from, ...request }: Omit<RestoreRequest, 'cloneId'> & TwoSites,
  logins: TwoLogins,
  context: WorkContext,
): Promise<RestorePlan> {
  return withThrowAway(operations, from, logins.from, context, ({ clone_id: cloneId }, work) =>
    operations.planRestore({ ...request, cloneId }, logins.to, work),
  );
}

/** Brings what one site has to the other. */
export function applyBetween(
  operations: Restores,
  { from, ...request }: Omit<ApplyRequest, 'cloneId'> & TwoSites,
  logins: TwoLogins,
  context: WorkContext,
): Promise<AppliedReport> {
  return withThrowAway(operations, from, logins.from, context, ({ clone_id: cloneId }, work) =>
    operations.applyRestore({ ...request, cloneId }, logins.to, work),
  );
}
