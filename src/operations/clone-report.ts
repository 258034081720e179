import type { CloneOutcome } from '../engine/clone.ts';
import type { CloneStepName, Warning } from '../shared/events.ts';
import type { Finding } from '../shared/findings.ts';
import type { RuntimeKind } from '../runtime/facts.ts';
import type { CloneState } from '../runtime/unit-states.ts';

export interface SourceReport {
  readonly url: string;
  readonly wordpress_version: string;
  readonly php_version: string;
}

/** A clone as `list` and `show` print it. */
export interface CloneReport {
  readonly clone_id: string;
  readonly status: CloneState;
  readonly clone_url: string;
  readonly username: string;
  /** Only when asked for. */
  readonly password?: string;
  /** ISO 8601. */
  readonly created_at: string;
  readonly expires_at: string;
  readonly runtime: RuntimeKind;
  readonly source: SourceReport;
  /** Whether it does what its source did when it was made. */
  readonly verified: boolean;
  /** What it does otherwise. */
  readonly findings: readonly Finding[];
}

/** What `clone` prints: the clone, and how it was made. Holds secrets. */
export interface CloneResult extends Omit<CloneReport, 'password' | 'created_at'> {
  readonly status: 'ready';
  readonly password: string;
  readonly login_url: string;
  /** Where its instance came from: `warm` was ready, `waited` became ready while it waited, `made` was made for it, `taken-up` was an earlier attempt's. */
  readonly unit?: CloneOutcome['unit'];
  /** How the source was reached. This and what follows is not known of a clone whose agent was killed as it ended. */
  readonly connected_by?: 'known-key' | 'http' | 'browser';
  /** Seconds. */
  readonly timings?: Readonly<Record<CloneStepName | 'total', number>>;
  readonly transferred?: {
    readonly tables: number;
    readonly rows: number;
    readonly files: number;
    /** How many of them came from the source, and not from an earlier clone of it. An older agent does not say. */
    readonly rows_moved?: number;
    readonly files_moved?: number;
    readonly bytes: number;
    readonly urls_rewritten: number;
  };
  readonly warnings: readonly Warning[];
}
