/**
 * Where instances live. Two runtimes implement this: `local` (this machine) and `kubernetes`.
 * A runtime is the truth about its clones: local ones are in the state database, Kubernetes' in the pods' labels and annotations.
 */
import type { WorkContext } from '../shared/context.ts';
import type { WpcloneError } from '../shared/errors.ts';
import type { InstanceOperations } from '../instance/types.ts';

export type RuntimeKind = 'local' | 'kubernetes';

/** creating → ready → (resetting → ready) → gone. `failed` is only seen when a clean-up could not finish. */
export type CloneState = 'creating' | 'ready' | 'resetting' | 'expired' | 'failed';

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
}

/** What an instance is asked for with. */
export interface ProvisionRequest {
  readonly id: string;
  readonly sourceUrl: string;
  readonly expiresAt: number;
  /** The instance nearest to this PHP version is chosen where there is a choice; undefined while it is not known yet. */
  readonly phpVersion?: Promise<string | undefined>;
}

/** An instance that can take a clone or holds one. */
export interface Instance {
  readonly id: string;
  readonly url: string;
  /** `warm`: was ready and waiting; `created`: made for this clone. */
  readonly how: 'warm' | 'created';
  readonly operations: InstanceOperations;
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
}

/** Ids are the clones' names. Times are milliseconds since the epoch, by this machine's clock. */
export interface Runtime {
  readonly kind: RuntimeKind;
  /** Makes an instance that can take a clone; on failure or abort it leaves nothing behind. Throws NAME_TAKEN. */
  provision(request: ProvisionRequest, context: WorkContext): Promise<Instance>;
  /** The clone is verified: from here on it is listed as ready. */
  markReady(id: string, record: CloneRecord, context: WorkContext): Promise<CloneFacts>;
  list(context: WorkContext): Promise<readonly CloneFacts[]>;
  /** Throws NOT_FOUND. */
  get(id: string, context: WorkContext): Promise<{ facts: CloneFacts; instance: Instance }>;
  /** The clone's own administrator's password. */
  password(id: string, context: WorkContext): Promise<string>;
  extend(id: string, expiresAt: number, context: WorkContext): Promise<CloneFacts>;
  setState(id: string, state: 'ready' | 'resetting', context: WorkContext): Promise<void>;
  /** Removes the clone and all that belongs to it; idempotent. */
  remove(id: string, context: WorkContext): Promise<void>;
  /** Removes what crashes left behind and what has expired; returns what it removed, and tells of what it could not. */
  sweep(context: WorkContext, failed?: SweepFailed): Promise<readonly string[]>;
  /** Streams the clone's logs (web server, PHP, database) line by line. */
  logs(id: string, options: { follow: boolean }, context: WorkContext): AsyncIterable<string>;
  /**
   * Makes the clone's URL reachable from this machine until closed, where it is not by itself (`wpclone open` on a cluster
   * without an Ingress); absent where clones are always reachable. Throws NOT_FOUND, PORT_IN_USE.
   */
  expose?(id: string, context: WorkContext): Promise<Exposure>;
  /** Lets go of connections. */
  close?(): Promise<void>;
}

/** Hears of a clone that is over and could not be removed. */
export type SweepFailed = (id: string, error: WpcloneError) => void;

/** A clone that was made reachable from this machine. */
export interface Exposure {
  readonly url: string;
  /** Only reachable for as long as this process lives. */
  readonly forwarded: boolean;
  close(): Promise<void>;
}
