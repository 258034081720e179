/**
 * The one interface that people's requests go through. `direct` does the work in this process; a remote one will ask an agent.
 * Results carry the API's names (snake_case), because `--json`, `--events` and the API print them as they are.
 */
import type { WorkContext } from '../shared/context.ts';
import type { ClonePlan } from '../engine/clone.ts';
import type { CloneStepName, Warning } from '../shared/events.ts';
import type { CaughtMail } from '../instance/types.ts';
import type { CloneState, Exposure, RuntimeKind } from '../runtime/types.ts';

/** What to clone and how, and the log-in for it. */
export interface CloneRequest extends ClonePlan {
  readonly username?: string;
  /** For a log-in without `username`, where there is somebody to ask. */
  readonly askUsername?: () => Promise<string>;
  /** Asked for only when a log-in is needed: a source with a known key needs none. */
  readonly password?: () => Promise<string>;
  readonly loginUrl?: string;
  readonly insecureTls: boolean;
}

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
}

/** What `clone` prints: the clone, and how it was made. Holds secrets. */
export interface CloneResult extends Omit<CloneReport, 'password' | 'created_at'> {
  readonly status: 'ready';
  readonly password: string;
  readonly login_url: string;
  /** How the source was reached. */
  readonly connected_by: 'known-key' | 'http' | 'browser';
  /** Seconds. */
  readonly timings: Readonly<Record<CloneStepName | 'total', number>>;
  readonly transferred: {
    readonly tables: number;
    readonly rows: number;
    readonly files: number;
    readonly bytes: number;
    readonly urls_rewritten: number;
  };
  readonly warnings: readonly Warning[];
}

export interface DisconnectReport {
  readonly url: string;
  /** False when wpclone knew of no plugin there. */
  readonly removed: boolean;
}

/** An id is a clone's name. Whatever takes one throws NOT_FOUND when there is no such clone. */
export interface Operations {
  clone(request: CloneRequest, context: WorkContext): Promise<CloneResult>;
  list(context: WorkContext): Promise<readonly CloneReport[]>;
  show(id: string, options: { password: boolean }, context: WorkContext): Promise<CloneReport>;
  /** A fresh one-time log-in link. */
  loginLink(id: string, context: WorkContext): Promise<{ clone_id: string; clone_url: string; login_url: string }>;
  /** Makes the clone reachable from this machine until closed, where it is not by itself; undefined where it is. */
  expose(id: string, context: WorkContext): Promise<Exposure | undefined>;
  /** The clone ends `seconds` from now. */
  extend(id: string, seconds: number, context: WorkContext): Promise<CloneReport>;
  reset(id: string, context: WorkContext): Promise<CloneReport>;
  delete(id: string, context: WorkContext): Promise<{ clone_id: string; deleted: true }>;
  /** `login` is used when no key of the site is known. */
  disconnect(
    url: string,
    login: Pick<CloneRequest, 'username' | 'password' | 'loginUrl' | 'insecureTls'>,
    context: WorkContext,
  ): Promise<DisconnectReport>;
  mail(id: string, context: WorkContext): Promise<readonly CaughtMail[]>;
  logs(id: string, options: { follow: boolean }, context: WorkContext): AsyncIterable<string>;
  /** Removes what crashes left and what has expired; the ids of what was removed. */
  collectGarbage(context: WorkContext): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Settings of the Kubernetes runtime; all optional: the kubeconfig and defaults fill in. */
export interface KubernetesSettings {
  readonly context?: string;
  readonly namespace?: string;
  readonly image?: string;
  readonly domain?: string;
  readonly [key: string]: unknown;
}

/** What operations are made with: see `createDirectOperations` in src/operations/direct.ts. */
export interface OperationSettings {
  /** WPCLONE_HOME. */
  readonly home: string;
  readonly runtime: RuntimeKind;
  readonly kubernetes: KubernetesSettings;
  /** PATH for programs, WPCLONE_CHROMIUM for the browser. */
  readonly environment: NodeJS.ProcessEnv;
}
