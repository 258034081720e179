import type { Finding } from '../shared/findings.ts';
import type { CloneState } from './unit-states.ts';

export type RuntimeKind = 'local' | 'kubernetes';

/** What is known of the site that was cloned. */
export interface SourceFacts {
  readonly url: string;
  readonly wordpressVersion: string;
  readonly phpVersion: string;
}

/** What is known of a clone, without secrets. */
export interface CloneFacts {
  /** Its name and id, unique within a runtime: `mysite-k3f`; a DNS label (RFC 1123) of at most 40 characters. */
  readonly id: string;
  readonly runtime: RuntimeKind;
  readonly state: CloneState;
  /** Where people reach it. */
  readonly url: string;
  readonly source: SourceFacts;
  readonly adminUsername: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** What differs from the source, as it was seen when the clone was made; empty while it is being made. */
  readonly findings: readonly Finding[];
}

/** What makes a finished instance a clone. */
export interface CloneRecord {
  /** The clone's own URL: the instance's origin with the path of the source's home URL. */
  readonly url: string;
  readonly source: SourceFacts;
  /** Counted from the moment the clone is ready: replaces the one given to `provision`. Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly adminUsername: string;
  readonly adminPassword: string;
  readonly findings: readonly Finding[];
}
