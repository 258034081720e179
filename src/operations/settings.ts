import type { RuntimeKind } from '../runtime/facts.ts';
import type { PoolSizes } from './pool-sizes.ts';

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
  /** Bytes that may be kept of sources on this machine for their next clones. */
  readonly sourcesLimit?: number;
  /** Rows of a deleted clone stay for the next one of its source; absent: that is not known here. */
  readonly keepRows?: boolean;
  /** How many units are kept ready, where nobody has said otherwise with `wpclone pool`. */
  readonly pool?: PoolSizes;
  /** Networks besides the public ones where sources may be, such as `10.0.0.0/8`; absent: anywhere. */
  readonly reach?: readonly string[] | undefined;
}
