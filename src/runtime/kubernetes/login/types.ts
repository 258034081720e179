import type { KubeConfig } from '@kubernetes/client-node';
import type { Dispatcher } from 'undici';

/** Who talks to which API server. */
export interface Login {
  readonly contextName: string;
  /** The context's. */
  readonly namespace: string | undefined;
  readonly server: string;
  /** As they are at this moment, with connections of their own; new ones when the last were refused. Throws CLUSTER_AUTH. */
  credentials(refused: boolean): Promise<Credentials>;
  /** For what only the client library can do; it takes longer to load than all the rest of a command. */
  kubeConfig(): Promise<KubeConfig>;
}

export interface Credentials {
  /** Absent: the connections that everything shares. */
  readonly dispatcher: Dispatcher | undefined;
  readonly headers: Readonly<Record<string, string>>;
}
