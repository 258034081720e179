import type { OperationSettings } from '../../operations/settings.ts';

/** What an agent is started with. */
export interface AgentSettings {
  readonly operations: OperationSettings;
  /** Where it listens on TCP. */
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Further names under which it may be called, such as that of a proxy in front. */
  readonly hostNames: readonly string[];
  /** Whoever reaches the TCP port is the owner: on loopback only. */
  readonly open: boolean;
  /** Networks besides the public ones that sources may be in, for an agent that others can call. */
  readonly privateSources: readonly string[];
  /** In PEM. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  /** A port of its own for the metrics, without a token; undefined: none. */
  readonly metricsPort: number | undefined;
  /** Where traces are sent, over OTLP; undefined: nowhere. */
  readonly traces: string | undefined;
  /** Jobs at once. */
  readonly concurrency: number;
  /** Milliseconds that a job is remembered after its end. */
  readonly rememberJobs: number;
  readonly version: string;
}

/** What a person is told when it listens. */
export interface AgentStarted {
  readonly url: string;
  readonly socket: string;
  /** The file with the token of the home's owner. */
  readonly token_file: string;
  readonly runtime: OperationSettings['runtime'];
  readonly jobs_at_once: number;
  /** Jobs of an agent that died, which this one goes on with. */
  readonly recovered: readonly string[];
}
