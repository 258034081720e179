import type { WorkContext } from '../shared/context.ts';
import type { InstanceOperations } from '../instance/types.ts';
import type { CloneFacts, CloneRecord } from './facts.ts';

/** What an instance is asked for with. */
export interface ProvisionRequest {
  readonly id: string;
  readonly sourceUrl: string;
  readonly expiresAt: number;
  /** The instance nearest to this PHP version is chosen where there is a choice; undefined while it is not known yet. */
  readonly phpVersion?: Promise<string | undefined>;
  /** No other than this, such as `8.2`. Throws PHP_VERSION_MISSING where there is none. */
  readonly php?: string;
  /** The clone that this one takes the name of when it is committed; it is removed then. Throws REPLACE_UNSUPPORTED for one of 0.1.0 in a cluster. */
  readonly replaces?: string;
}

/** An instance that can take a clone or holds one. */
export interface Instance {
  readonly id: string;
  readonly url: string;
  /** `warm`: was ready and waiting; `created`: made for this clone; `taken-up`: an earlier attempt of the same job had it. */
  readonly how: 'warm' | 'created' | 'taken-up';
  /** The PHP it runs on, such as `8.2`, where the runtime has not told of it itself. */
  readonly php?: string;
  readonly operations: InstanceOperations;
}

/** What all leases have. */
interface LeaseOfUnit {
  readonly jobId: string;
  /** The name of the clone that the unit holds or is to hold. */
  readonly cloneId: string;
  /** The unit's epoch in this lease. */
  readonly epoch: number;
  readonly instance: Instance;
  /** Aborts with LEASE_LOST when the unit has become somebody else's: then nothing of it may be undone either. */
  readonly lost: AbortSignal;
  /**
   * Gives the unit up as it is, without undoing anything. Until then, or until the holder is known to be dead, nobody else
   * gets it. Does nothing when the lease is over.
   */
  release(context: WorkContext): Promise<void>;
}

/** Of a unit into which a clone is put. Given up, the unit is removed by the next sweep. */
export interface ProvisionLease extends LeaseOfUnit {
  readonly purpose: 'provision';
  /** The clone was looked at: from here on it is listed as ready. Ends the lease. Throws LEASE_LOST, INSTANCE_LOST. */
  commit(record: CloneRecord, context: WorkContext): Promise<CloneFacts>;
  /** Takes all of it back and ends the lease; leaves a unit alone that is somebody else's by now. */
  remove(context: WorkContext): Promise<void>;
}

/** Of a clone that goes back to its baseline. Given up, the clone stays `resetting` and answers nobody until it is reset again. */
export interface ResetLease extends LeaseOfUnit {
  readonly purpose: 'reset';
  /** The clone is as it was made: from here on it is listed as ready again. Ends the lease. Throws LEASE_LOST, INSTANCE_LOST. */
  commit(context: WorkContext): Promise<CloneFacts>;
}

/** Of a clone that stays as it is while it is read: nobody resets or removes it meanwhile. Given up, it is as before. */
export interface RestoreLease extends LeaseOfUnit {
  readonly purpose: 'restore';
}
