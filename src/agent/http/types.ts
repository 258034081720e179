import type { WorkContext } from '../../shared/context.ts';
import type { AgentReport } from '../../operations/schemas.ts';
import type { Operations } from '../../operations/types.ts';
import type { Caller } from '../access/token.ts';
import type { Tokens } from '../access/tokens.ts';
import type { AgentStatus } from './answers.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { JobStore } from '../jobs/store.ts';

/** What the routes work with. */
export interface AgentDeps {
  readonly store: JobStore;
  readonly tokens: Tokens;
  readonly metrics: Metrics;
  readonly operations: Operations;
  /** Tells the runner that there is work, or that a job is to stop. */
  readonly wake: (what: 'begin' | 'stop') => void;
  /** Resolves at the next event of a job, or after so many milliseconds. */
  readonly nextEvent: (milliseconds: number, signal: AbortSignal, job: string) => Promise<void>;
  /** Calls the listener at each event of any job. */
  readonly heard: (listener: () => void) => void;
  /** How often there has been one: see `Bell`. */
  readonly rung: () => number;
  readonly work: Pick<WorkContext, 'now' | 'sleep' | 'randomBytes' | 'log'>;
  readonly version: string;
  /** Where its clones live. */
  readonly where: Pick<AgentReport, 'runtime' | 'context' | 'namespace'>;
  readonly limits: AgentLimits;
  /** Set while the agent stops: it takes no more jobs. */
  readonly draining: () => boolean;
  /** Why no jobs can be taken now; undefined when they can. */
  readonly ready: () => Promise<string | undefined>;
  /** For who runs it. */
  readonly status: () => Omit<AgentStatus, 'ready' | 'reason' | 'jobs'>;
  /** Aborts when calls that are still open must end. */
  readonly closing: AbortSignal;
  /** Begins the end of the agent: it drains. */
  readonly stop: () => void;
  /** Who calls where no token is asked for. */
  readonly owner: Caller | undefined;
  /** Host names under which it may be called, without ports; any where no browser can call. */
  readonly names: ReadonlySet<string> | 'any';
}

export interface AgentLimits {
  /** Jobs that may wait. */
  readonly queue: number;
  /** Jobs of one customer that may wait. */
  readonly queuePerCustomer: number;
  /** Requests a second of one token, on the average; as many as ten seconds' worth at once. */
  readonly requestsPerSecond: number;
  /** Streams of events at once. */
  readonly streams: number;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls; set before any route runs. */
    caller: Caller;
  }
}
