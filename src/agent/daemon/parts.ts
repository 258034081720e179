import type { WorkContext } from '../../shared/context.ts';
import { newJobId } from '../../shared/context.ts';
import { createDirectOperations } from '../../operations/direct.ts';
import { openResources, type Resources } from '../../operations/resources.ts';
import type { Operations } from '../../operations/types.ts';
import { openDatabase } from '../../state/database.ts';
import { openHomeSecrets } from '../../state/open.ts';
import { type Tokens, tokenStore } from '../access/tokens.ts';
import { AGENT_DATABASE } from '../database.ts';
import { type Bell, createBell, ringing } from '../jobs/bell.ts';
import { sqliteJobStore } from '../jobs/sqlite/store.ts';
import type { JobStore } from '../jobs/store.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import type { Traces } from '../telemetry/traces.ts';
import type { AgentSettings } from './settings.ts';
import { watchedStore } from './watched-store.ts';

/** What an agent works with while it runs. */
export interface AgentParts {
  readonly store: JobStore;
  readonly tokens: Tokens;
  readonly bell: Bell;
  readonly metrics: Metrics;
  /** For what is answered at once; jobs have their own, in their own processes. */
  readonly operations: Operations;
  readonly resources: Resources;
  /** Hears that something was said of the pool; whoever keeps it listens. */
  readonly poolBell: { ring: () => void };
  /** Hears of each job that fails, from now on. */
  onFailed(listener: () => void): void;
  close(): Promise<void>;
}

/** Throws STATE_FAILED, STATE_NEWER, BUSY, DISK_FULL. */
export function openParts(
  { operations: settings }: AgentSettings,
  context: WorkContext,
  traces: Traces | undefined,
): AgentParts {
  const { home } = settings;
  const box = openHomeSecrets(home, context);
  const database = openDatabase(home, context.now, AGENT_DATABASE);
  const bell = createBell(context);
  const plain = sqliteJobStore(
    { database, box, now: context.now, newId: () => newJobId(context.randomBytes) },
    context,
  );
  const resources = openResources(settings);
  const poolBell = { ring: (): void => undefined };
  const operations = createDirectOperations(settings, resources, () => poolBell.ring());
  const listeners: (() => void)[] = [];
  const metrics = createMetrics({ counts: () => plain.counts(), now: context.now });
  return {
    store: ringing(
      watchedStore(traces?.watch(plain) ?? plain, context.log, (job) => {
        metrics.ended(job);
        if (job.state === 'failed') for (const listener of listeners) listener();
      }),
      bell,
    ),
    metrics,
    tokens: tokenStore(database, context),
    bell,
    operations,
    resources,
    poolBell,
    onFailed: (listener) => void listeners.push(listener),
    async close() {
      await operations.close();
      plain.close();
    },
  };
}
