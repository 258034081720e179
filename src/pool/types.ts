/**
 * The warm pool. Words:
 * - **idle**: a unit that nobody has asked for: being made, being validated, or WARM.
 * - **spare**: how many idle units there should be. **most**: how many units the pool may have in all, those that are going included.
 * - **revision**: what a unit was made from (image, settings). Only units of the current one are handed out while there are any.
 * - **sub-pool**: the units of one PHP version.
 * - **recycle**: reset, prove clean, use again; what cannot be proven is quarantined and replaced.
 */

import type { UnitState } from '../runtime/unit-states.ts';

/** What the planner knows of a unit; times are milliseconds since the epoch by the clock that wrote them. */
export interface PoolUnit {
  readonly name: string;
  readonly state: UnitState;
  readonly phpVersion: string;
  readonly revision: string;
  /** Clones that it has held. */
  readonly uses: number;
  readonly createdAt: number;
  /** When it came into its state. */
  readonly since: number;
  /** When it must have left its state: of a claim or a reset what its job has written, of a READY one the end of its clone. */
  readonly deadline: number | null;
  /** A job has the lease of it and lives. */
  readonly leased: boolean;
  /** There is no room for it yet: making another one would not help. */
  readonly unschedulable: boolean;
  /** When it last showed that it can be handed out. */
  readonly provenAt: number | null;
  /** It holds a clone, or is to. */
  readonly held: boolean;
  /** It can be used once more. */
  readonly recyclable: boolean;
}

/** How a pool is to be. */
export interface PoolSpec {
  /** Idle units of each sub-pool, whatever the demand. */
  readonly min: number;
  /** Idle units of each sub-pool, however high the demand. */
  readonly max: number;
  /** All units of the pool. */
  readonly most: number;
  readonly recycle: 'always' | 'never';
  /** Sub-pools; a unit of another version is given up when it is idle. */
  readonly phpVersions: readonly string[];
  /** Units made before this moment are replaced when they are idle (`pool reset`). */
  readonly madeAfter: number;
  readonly mode: 'running' | 'paused' | 'draining';
}

/** With what the runtime would make of it now. */
export interface PoolSettings extends PoolSpec {
  readonly revision: string;
}

/** What was asked of a sub-pool lately. */
export interface Demand {
  /** Claims in the last ten minutes. */
  readonly claimsTenMinutes: number;
  /** Claims in the last thirty seconds. */
  readonly claimsHalfMinute: number;
  /** How long making a unit takes: 95 % of them are faster. Milliseconds. */
  readonly refillTime: number;
  /** Claims that wait for a unit now. */
  readonly waiting: number;
}

/** One thing to do. Each is safe to do twice, and refused by the runtime when the unit has changed since. */
export type PoolAction =
  | { readonly do: 'make'; readonly phpVersion: string; readonly why: string }
  | { readonly do: 'retire'; readonly unit: string; readonly why: string }
  | { readonly do: 'validate'; readonly unit: string; readonly why: string }
  | { readonly do: 'quarantine'; readonly unit: string; readonly why: string }
  | { readonly do: 'recycle'; readonly unit: string; readonly why: string };
