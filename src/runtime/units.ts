/**
 * The instances of a runtime as units: made ahead while nobody has asked for them, claimed for a clone, proven, removed. Beside
 * `Runtime`, which knows them by their clones; both are views of the same units, in whatever process.
 */
import type { LookSection } from '../instance/types.ts';
import type { WorkContext } from '../shared/context.ts';
import type { ProvisionLease, ProvisionRequest } from './leases.ts';
import type { UnitState } from './unit-states.ts';

/** What is known of a unit, without secrets. */
export interface UnitReport {
  /** Its own name, unique within a runtime; not a clone's. */
  readonly name: string;
  readonly state: UnitState;
  readonly epoch: number;
  /** The job that has the lease of it. */
  readonly jobId?: string;
  /** The clone that it holds or is to hold. */
  readonly cloneId?: string;
  /** Major and minor version of its PHP; absent while it is not known. */
  readonly phpVersion?: string;
  /** What it was made from: those of another revision than `Units.revision` are not handed out. */
  readonly revision: string;
  /** Clones that it has held, the present one included. */
  readonly uses: number;
  /** Milliseconds since the epoch: when it was made, and when it came into its present state. */
  readonly createdAt: number;
  readonly stateSince: number;
  /** When it last showed that it can be handed out; absent: never. */
  readonly provenAt?: number;
  /** When its present state is given up; absent: when nobody works on it any more. */
  readonly deadline?: number;
  /** A job works on it, and lives. */
  readonly leased: boolean;
  /** There is no room for it yet. */
  readonly unschedulable: boolean;
  /** It can be used once more: it is known what it was like when it was first ready, and nothing would keep it waiting. Absent: it cannot. */
  readonly recyclable?: boolean;
}

/** What an empty unit is asked for with. */
export interface UnitRequest {
  /** The nearest to this PHP version is chosen where there is a choice. */
  readonly phpVersion?: string;
  /** What it is like is remembered, so that it can be used more than once where the runtime does that. */
  readonly recyclable?: boolean;
}

/** How a claim ended: `contended` when there were warm units and others were faster each time, which passes; `none` is for a refill. */
export type ClaimOutcome =
  | { readonly outcome: 'claimed'; readonly lease: ProvisionLease }
  | { readonly outcome: 'contended' }
  | { readonly outcome: 'none' };

/** One check of a unit that is to be handed out. */
export interface UnitFinding {
  readonly check:
    'answers' | 'never-restarted' | 'empty-files' | 'empty-database' | 'no-mail' | 'old-token' | LookSection;
  readonly ok: boolean;
  /** For people; empty when there is nothing to say. */
  readonly detail: string;
}

export interface Units {
  /** A word for what a unit that is made now is made from. */
  revision(context: WorkContext): Promise<string>;
  /** The PHP versions that units can have, the usual one first; '' stands for one that is not known. */
  phpVersions(context: WorkContext): Promise<readonly string[]>;
  list(context: WorkContext): Promise<readonly UnitReport[]>;
  /** Calls `changed` whenever a unit may have changed, until the signal aborts. Absent where looking is as cheap. */
  watch?(changed: () => void, context: WorkContext): Promise<void>;
  /** The logs of a unit (web server, PHP, database) line by line. Throws NOT_FOUND. */
  logs(name: string, options: { follow: boolean }, context: WorkContext): AsyncIterable<string>;
  /** Makes an empty unit and proves it: it is WARM when this returns. On failure or abort nothing is left of it. */
  make(request: UnitRequest, context: WorkContext): Promise<UnitReport>;
  /**
   * Gives a warm unit to the clone of that name and locks the name: one winner, by compare-and-swap. A job that claims again for
   * the same clone gets the unit that it has. Throws NAME_TAKEN.
   */
  claim(request: ProvisionRequest, context: WorkContext): Promise<ClaimOutcome>;
  /** Looks whether a WARM unit can be handed out; one that cannot is QUARANTINED. Throws NOT_FOUND, BUSY. */
  validate(name: string, context: WorkContext): Promise<readonly UnitFinding[]>;
  /** Sets a unit that holds no clone aside, for people to look at: it is not handed out again. Throws NOT_FOUND, BUSY. */
  quarantine(name: string, context: WorkContext): Promise<void>;
  /**
   * Ends a clone whose time is over and makes its unit ready for another: reset, and proven to be as it was when it was first ready. Else it
   * is QUARANTINED, and what was found says why. Absent where a new unit costs as little. Throws NOT_FOUND, BUSY, and what kept it from
   * being proven.
   */
  recycle?(name: string, context: WorkContext): Promise<readonly UnitFinding[]>;
  /** Removes a unit that holds no clone; idempotent. Throws BUSY when it holds one, or another job has the lease of it. */
  retire(name: string, context: WorkContext): Promise<void>;
}
