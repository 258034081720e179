import { hostname } from 'node:os';
import { join } from 'node:path';
import { abortable } from '../../shared/abortable.ts';
import type { Clock, WorkContext } from '../../shared/context.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { type Lock, tryLock } from '../../shared/lock.ts';
import { listOf } from '../../shared/networks.ts';
import { identityOf } from '../../shared/process.ts';
import { startKeeper } from '../../operations/keeper.ts';
import { type Runner, startRunner } from '../jobs/runner.ts';
import { processExecutor } from '../work/executor.ts';
import { isLeaseOver } from '../work/outlives.ts';
import { raisePriority } from '../work/priority.ts';
import { keepWorkers } from '../work/workers.ts';
import { removeAgentFile, takeHome, writeAgentFile } from './home.ts';
import { keepHouse } from './housekeeping.ts';
import { isLoopback } from '../../shared/loopback.ts';
import { type Doors, openDoors, type SharedDeps } from './listen.ts';
import { openMetricsDoor } from './metrics-door.ts';
import { ensureOwnerToken } from './owner-token.ts';
import { type AgentParts, openParts } from './parts.ts';
import { keepPool, type PoolLoop } from './pool.ts';
import type { Traces } from '../telemetry/traces.ts';
import { createReadiness } from './readiness.ts';
import type { AgentSettings, AgentStarted } from './settings.ts';

const LIMITS = { queue: 10_000, queuePerCustomer: 100, requestsPerSecond: 50, streams: 500 };
const CLAIM_LIMITS = { perCustomer: 3, perSource: 2 };
/** Milliseconds that running jobs get to end when the agent is asked to stop. */
const DRAIN = 60_000;

/** What the edge gives an agent besides the context. */
export interface AgentWorld {
  /** Milliseconds by a clock that nobody sets. */
  readonly monotonic: Clock;
  /** Called once, when it listens. */
  readonly started: (agent: AgentStarted) => void;
}

/**
 * Takes requests, carries jobs out and clears up, until `context.signal` aborts or somebody asks it to stop; then it lets running jobs
 * end, gives back those that take longer, and returns. Throws AGENT_RUNNING when another agent has this home, PORT_IN_USE, BAD_INPUT.
 */
export async function runAgent(asked: AgentSettings, context: WorkContext, world: AgentWorld): Promise<void> {
  const settings = { ...asked, operations: { ...asked.operations, reach: reachOf(asked) } };
  if (settings.open && !isLoopback(settings.host)) {
    throw new WpcloneError(
      'BAD_INPUT',
      `Without tokens an agent listens on this machine only, not on ${settings.host}.`,
    );
  }
  const { home } = settings.operations;
  const hold = takeHome(home);
  try {
    await raisePriority();
    const traces = await tracesOf(settings, context);
    const parts = openParts(settings, context, traces);
    try {
      await serve(settings, parts, context, world);
    } finally {
      await parts.close();
      await traces?.close();
    }
  } finally {
    removeAgentFile(home);
    hold.release();
  }
}

async function tracesOf({ traces, version }: AgentSettings, context: WorkContext): Promise<Traces | undefined> {
  if (traces === undefined) return undefined;
  const { openTraces } = await import('../telemetry/traces.ts');
  return openTraces(traces, version, context);
}

/**
 * Where sources may be. Whoever can only be somebody on this machine reaches its networks anyway; one who calls from elsewhere, also
 * through a proxy, must not get into them by the agent. Throws BAD_INPUT.
 */
function reachOf({ host, hostNames, privateSources }: AgentSettings): readonly string[] | undefined {
  listOf(privateSources);
  return isLoopback(host) && hostNames.length === 0 && privateSources.length === 0 ? undefined : privateSources;
}

/** What begins and ends an agent. */
interface Control {
  /** Aborts when no more jobs are to be taken. */
  readonly stopping: AbortSignal;
  readonly stop: () => void;
  /** Aborts when what still runs must end. */
  readonly closing: AbortController;
  readonly startedAt: number;
  readonly ready: () => Promise<string | undefined>;
  /** Undefined until it listens. */
  doors?: Doors;
  closeMetrics?: () => void;
  runner?: Runner;
}

async function serve(
  settings: AgentSettings,
  parts: AgentParts,
  context: WorkContext,
  { monotonic, started }: AgentWorld,
): Promise<void> {
  const { store, operations } = parts;
  const [asked, closing] = [new AbortController(), new AbortController()];
  // Jobs and calls have signals of their own: that the agent is to stop is no reason to break them off.
  const work = { ...context, signal: closing.signal };
  const owner = { agent: context.jobId, ...(await ownProcess()) };
  // Whoever had a job before is gone: this process holds the home. So nobody's process ids are asked, which may be another container's.
  const recovered = await store.reap(({ agent }) => Promise.resolve(agent === owner.agent));
  const keeper = keeperHold(settings);
  const { rememberJobs, concurrency } = settings;
  const isOver = (lease: string) => isLeaseOver(lease, (id) => store.find(id));
  const house = keepHouse({ operations, store, rememberJobs, monotonic, isOver, look: () => keeper.take() }, work);
  parts.onFailed(() => house.failed());
  const stopping = AbortSignal.any([context.signal, asked.signal]);
  const pool = poolOf(settings, parts, work);
  const control: Control = {
    stopping,
    stop: () => asked.abort(),
    closing,
    startedAt: context.now(),
    ready: createReadiness({ store, stopping, unseen: house.unseen, monotonic }),
  };
  try {
    const doors = await openDoors(settings, depsOf(settings, parts, control, work));
    control.doors = doors;
    const { host, metricsPort } = settings;
    if (metricsPort !== undefined)
      control.closeMetrics = await openMetricsDoor(
        { host, port: metricsPort },
        { metrics: parts.metrics, ready: control.ready },
      );
    const workers = keepWorkers(settings.operations, { ...work, signal: stopping });
    const executor = processExecutor(settings.operations, workers, work);
    const runner = startRunner({
      store,
      executor,
      owner,
      limits: CLAIM_LIMITS,
      concurrency,
      clones: () => operations.list(work),
      work,
    });
    control.runner = runner;
    started({ ...(await announce(settings, parts, doors)), recovered: recovered.map(({ id }) => id) });
    workers.prepare();
    await untilAborted(control.stopping);
    context.log.info('stopping', { running: runner.running() });
    // Nothing more is made ahead, while running jobs end.
    await Promise.all([runner.drain(DRAIN), pool.stop()]);
  } finally {
    await control.runner?.drain(0);
    await pool.stop();
    closing.abort();
    control.closeMetrics?.();
    await control.doors?.close();
    await house.stop();
    keeper.release();
    if (settings.operations.runtime === 'local') await startKeeper(settings.operations);
  }
}

function poolOf({ operations: { pool = {} } }: AgentSettings, parts: AgentParts, work: WorkContext): PoolLoop {
  const { store, resources, poolBell, metrics } = parts;
  const pending = async (): Promise<number> => (await store.list({ kinds: ['clone'], states: ['pending'] })).length;
  const runtime: AgentParts['resources']['runtime'] = (context) => resources.runtime(context);
  const loop = keepPool({ runtime, sizes: pool, waiting: pending, looked: metrics.pool }, work);
  poolBell.ring = loop.kick;
  return loop;
}

function depsOf(settings: AgentSettings, parts: AgentParts, control: Control, work: WorkContext): SharedDeps {
  const { version, concurrency, operations } = settings;
  return {
    ...parts,
    work,
    version,
    where: whereOf(operations),
    limits: LIMITS,
    wake: (what) => control.runner?.wake(what),
    nextEvent: parts.bell.next,
    heard: parts.bell.heard,
    rung: parts.bell.rung,
    draining: () => control.stopping.aborted,
    ready: control.ready,
    status: () => ({
      version,
      pid: process.pid,
      url: control.doors?.url ?? '',
      runtime: operations.runtime,
      started_at: new Date(control.startedAt).toISOString(),
      jobs_at_once: concurrency,
      draining: control.stopping.aborted,
    }),
    closing: control.closing.signal,
    stop: control.stop,
  };
}

function whereOf({ runtime, kubernetes }: AgentSettings['operations']): SharedDeps['where'] {
  if (runtime === 'local') return { runtime, context: null, namespace: null };
  return { runtime, context: kubernetes.context ?? null, namespace: kubernetes.namespace ?? null };
}

/** Tells those who look into the home where the agent is. */
async function announce(
  { operations: { home, runtime }, version, concurrency }: AgentSettings,
  { tokens }: AgentParts,
  { url, socket }: Doors,
): Promise<Omit<AgentStarted, 'recovered'>> {
  const token_file = await ensureOwnerToken(home, tokens);
  await writeAgentFile(home, { pid: process.pid, machine: hostname(), version, url, socket, runtime });
  return { url, socket, token_file, runtime, jobs_at_once: concurrency };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  await abortable(new Promise<never>(() => undefined), signal).catch(() => undefined);
}

/** While an agent runs, it is what removes local clones at their end: no keeper is needed, and none would look at the clock as it does. */
function keeperHold({ operations: { home, runtime } }: AgentSettings): { take(): void; release(): void } {
  let lock: Lock | undefined;
  return {
    take() {
      // One that runs already ends when there are no clones; then it is this one's turn.
      if (runtime === 'local') lock ??= tryLock(join(home, 'locks'), 'keeper');
    },
    release: () => lock?.release(),
  };
}

async function ownProcess() {
  const own = await identityOf(process.pid);
  if (own === undefined) throw new WpcloneError('INTERNAL', 'The agent cannot find its own process.');
  return own;
}
