import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Scope } from '../../src/agent/access/token.ts';
import { type Tokens, tokenStore } from '../../src/agent/access/tokens.ts';
import { AGENT_DATABASE } from '../../src/agent/database.ts';
import { createAgentApp } from '../../src/agent/http/app.ts';
import type { AgentDeps } from '../../src/agent/http/types.ts';
import { createBell, ringing } from '../../src/agent/jobs/bell.ts';
import type { JobStore } from '../../src/agent/jobs/store.ts';
import { createDirectOperations } from '../../src/operations/direct.ts';
import { createMetrics } from '../../src/agent/telemetry/metrics.ts';
import { openDatabase } from '../../src/state/database.ts';
import { sqliteStores } from './job-store/sqlite.ts';
import { makeTemp } from './temp.ts';
import { workContext } from './work.ts';

/** The agent's API on a store and a home of its own. Nobody carries the jobs out but the test. */
export interface TestApi {
  readonly app: FastifyInstance;
  readonly store: JobStore;
  readonly tokens: Tokens;
  readonly clock: { now: number };
  readonly woken: () => number;
  readonly written: () => string;
  /** The database of its jobs. */
  readonly file: string;
  /** What the log was told. */
  readonly log: string[];
  /** A header for a new token. */
  readonly bearer: (
    scopes: readonly Scope[],
    customer?: string,
  ) => { readonly authorization: string; readonly host: string };
  readonly close: () => Promise<void>;
}

export async function testApi(changes: Partial<AgentDeps> = {}): Promise<TestApi> {
  const { open, clean } = sqliteStores();
  const { store: plain, clock, written, file } = open();
  const log: string[] = [];
  const note = (message: string, fields?: object): void => void log.push(`${message} ${JSON.stringify(fields)}`);
  const work = { ...workContext(), log: { debug: note, info: note, warn: note } };
  const bell = createBell(work);
  const store = ringing(plain, bell);
  const database = openDatabase(makeTemp('agent'), work.now, AGENT_DATABASE);
  const tokens = tokenStore(database, work);
  const operations = createDirectOperations({
    home: makeTemp('agent-home'),
    runtime: 'local',
    kubernetes: {},
    environment: process.env,
  });
  const metrics = createMetrics({ counts: () => store.counts(), now: work.now });
  let woken = 0;
  const app = await createAgentApp({
    store,
    tokens,
    metrics,
    operations,
    wake: () => (woken += 1),
    nextEvent: bell.next,
    heard: bell.heard,
    rung: bell.rung,
    work: { ...work, now: () => clock.now, randomBytes },
    version: '0.0.0',
    where: { runtime: 'local', context: null, namespace: null },
    limits: { queue: 100, queuePerCustomer: 50, requestsPerSecond: 1000, streams: 10 },
    draining: () => false,
    ready: () => Promise.resolve(undefined),
    closing: new AbortController().signal,
    stop: () => undefined,
    status: () => ({
      version: '0.0.0',
      pid: process.pid,
      url: 'http://127.0.0.1:8420',
      runtime: 'local',
      started_at: new Date(0).toISOString(),
      jobs_at_once: 4,
      draining: false,
    }),
    owner: undefined,
    names: new Set(['127.0.0.1']),
    ...changes,
  });
  return {
    app,
    store,
    tokens,
    clock,
    log,
    written,
    file,
    woken: () => woken,
    bearer: (scopes, customer) => ({
      authorization: `Bearer ${tokens.create({ name: 'test', scopes, customer: customer ?? null }).text}`,
      host: '127.0.0.1:8420',
    }),
    close: async () => {
      await app.close();
      await operations.close();
      database.close();
      clean();
    },
  };
}
