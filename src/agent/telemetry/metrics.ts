import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { JobStore } from '../jobs/store.ts';
import type { Job } from '../jobs/types.ts';
import { poolMetrics } from './pool.ts';

/** What an agent tells Prometheus. No label names a customer, a source or a clone: each of those would be a series for ever. */
export interface Metrics {
  readonly contentType: string;
  /** All of them, as text; what waits is counted at this moment. */
  text(): Promise<string>;
  answered(call: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly seconds: number;
  }): void;
  ended(job: Job): void;
  /** A look at the pool. */
  readonly pool: ReturnType<typeof poolMetrics>;
}

export interface MetricsSources {
  readonly counts: JobStore['counts'];
  readonly now: () => number;
}

const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const JOB_SECONDS = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];
/** Milliseconds between two looks at the event loop: a finer one costs what it measures. */
const LOOP_RESOLUTION = 20;
const NANOSECONDS = 1e9;
const MICROSECONDS = 1e6;

/** A registry of its own. Several agents on one queue would all tell of the same jobs: take max, not sum. */
export function createMetrics(sources: MetricsSources): Metrics {
  const register = new Registry();
  const registers = [register];
  const requests = new Histogram({
    name: 'wpclone_http_request_seconds',
    help: 'Time to answer a call of the API, by its route.',
    labelNames: ['method', 'route', 'status'],
    buckets: REQUEST_SECONDS,
    registers,
  });
  const jobs = new Histogram({
    name: 'wpclone_job_seconds',
    help: 'Time from the first begin of a job to its end.',
    labelNames: ['kind', 'state'],
    buckets: JOB_SECONDS,
    registers,
  });
  const failures = new Counter({
    name: 'wpclone_job_failures_total',
    help: 'Jobs that failed, by the code of their error.',
    labelNames: ['kind', 'code'],
    registers,
  });
  queueGauges(sources, registers);
  processMetrics(registers);
  return {
    pool: poolMetrics(registers, sources.now),
    contentType: register.contentType,
    text: () => register.metrics(),
    answered: ({ method, route, status, seconds }) => requests.observe({ method, route, status }, seconds),
    ended({ kind, state, startedAt, finishedAt, error }) {
      if (startedAt !== null && finishedAt !== null)
        jobs.observe({ kind, state }, Math.max(0, finishedAt - startedAt) / 1000);
      if (state === 'failed') failures.inc({ kind, code: error?.code ?? 'INTERNAL' });
    },
  };
}

function queueGauges({ counts, now }: MetricsSources, registers: Registry[]): void {
  const oldest = new Gauge({
    name: 'wpclone_oldest_pending_seconds',
    help: 'How long the job has waited that may begin and has waited longest; 0 when none does.',
    registers,
  });
  const jobs = new Gauge({
    name: 'wpclone_jobs',
    help: 'Jobs in the store by state; those that ended are forgotten after --keep-jobs.',
    labelNames: ['state'],
    registers,
    async collect() {
      const { oldestPendingAt, ...byState } = await counts();
      for (const [state, many] of Object.entries(byState)) jobs.set({ state }, many);
      oldest.set(oldestPendingAt === null ? 0 : Math.max(0, now() - oldestPendingAt) / 1000);
    },
  });
}

function processMetrics(registers: Registry[]): void {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION });
  loop.enable();
  const gauge = (name: string, help: string, read: () => number): void => {
    const one: Gauge = new Gauge({ name, help, registers, collect: () => one.set(read()) });
  };
  gauge('process_resident_memory_bytes', 'Memory of the agent itself; its jobs have their own.', () =>
    process.memoryUsage.rss(),
  );
  gauge('nodejs_heap_size_used_bytes', 'Heap in use.', () => process.memoryUsage().heapUsed);
  gauge('nodejs_eventloop_delay_p99_seconds', 'Delay of the event loop since the last look, 99th percentile.', () => {
    const delay = loop.percentile(99) / NANOSECONDS;
    loop.reset();
    return delay;
  });
  let counted = 0;
  const cpu: Counter = new Counter({
    name: 'process_cpu_seconds_total',
    help: 'Processor time of the agent itself.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      cpu.inc((user + system - counted) / MICROSECONDS);
      counted = user + system;
    },
  });
}
