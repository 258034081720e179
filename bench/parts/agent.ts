import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { Agent as Connections, request } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import SqliteDatabase from 'better-sqlite3';
import { streamToMany } from '../../test/support/streams.ts';
import { makeTemp } from '../../test/support/temp.ts';
import type { Row } from '../table.ts';

const BIN = join(import.meta.dirname, '../../bin/run.js');
const OLD_JOBS = 100_000;
const PER_SECOND = 50;
const SECONDS = 60;
const LOOKS = 2_000;
const BEGINS = 25;
const IDLE = 5_000;
const READERS = 500;
const EVENTS = 50;
const EVENT_PAUSE = 250;

/** What a caller of an agent waits for: accepted jobs and their status beside a hundred thousand old ones, and its memory when idle. */
export async function agentRows(): Promise<Row[]> {
  const [folder, other] = [makeTemp('agent'), makeTemp('agent')];
  try {
    const memory = await withAgent(folder, 0, async ({ pid }) => {
      await sleep(IDLE);
      return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1000;
    });
    ageJobs(join(folder, 'agent.db'));
    const [posts, looks] = await withAgent(folder, 0, async (agent) => [await postSteadily(agent), await look(agent)]);
    const syncs = syncTimes(folder);
    const begins = await withAgent(other, 1, begin);
    return [
      {
        what: `agent, POST to a durable 202 (${PER_SECOND} a second for ${SECONDS} s)`,
        ours: said(posts),
        beside: `${said(syncs)}, 4 KB and fdatasync`,
        ratio: `${(at(posts, 0.5) / at(syncs, 0.5)).toFixed(1)} × (p50)`,
      },
      { what: `agent, job-status beside ${OLD_JOBS} old jobs`, ours: said(looks), beside: 'goal: p99 5 ms', ratio: '' },
      { what: 'agent, accepted to begun', ours: said(begins), beside: 'goal: p99 10 ms', ratio: '' },
      {
        what: `agent, event to reader, ${READERS} streams`,
        ours: said((await streamToMany(READERS, EVENTS, EVENT_PAUSE)).times),
        beside: 'goal: p99 50 ms',
        ratio: '',
      },
      { what: 'agent, idle memory', ours: `${memory.toFixed(0)} MB`, beside: 'goal: 120 MB', ratio: '' },
    ];
  } finally {
    for (const each of [folder, other]) rmSync(each, { recursive: true, force: true });
  }
}

interface Running {
  readonly pid: number;
  readonly call: (method: string, path: string, body?: object) => Promise<Record<string, unknown>>;
}

async function withAgent<T>(home: string, jobs: number, work: (agent: Running) => Promise<T>): Promise<T> {
  const child = spawn(BIN, ['agent', '--no-auth', '--port', '0', '--jobs', String(jobs)], {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, WPCLONE_HOME: home },
  });
  const connections = new Connections({ keepAlive: true });
  try {
    const [line]: unknown[] = await once(child.stdout, 'data');
    const url = /http:\/\/\S+/.exec(String(line))?.[0] ?? '';
    return await work({ pid: child.pid ?? 0, call: (...words) => call(connections, url, ...words) });
  } finally {
    connections.destroy();
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
}

function call(
  agent: Connections,
  url: string,
  method: string,
  path: string,
  body?: object,
): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request(`${url}${path}`, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        if ((response.statusCode ?? 500) < 300) resolve(JSON.parse(text));
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
      });
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const clone = (n: number) => ({
  source_url: `https://site-${n}.example`,
  source_username: 'admin',
  source_password: 'not a password',
});

/** At an even pace, whether or not the one before was answered: what is slow must not make the next one late. */
async function postSteadily({ call: ask }: Running): Promise<number[]> {
  const times: number[] = [];
  const start = performance.now();
  const all: Promise<void>[] = [];
  for (let n = 0; n < PER_SECOND * SECONDS; n += 1) {
    await sleep(Math.max(0, start + (n * 1000) / PER_SECOND - performance.now()));
    all.push(timed(times, () => ask('POST', '/api/v2/clone', clone(n))));
  }
  await Promise.all(all);
  return times;
}

async function look({ call: ask }: Running): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < LOOKS; n += 1)
    await timed(times, () => ask('GET', `/api/v2/job-status/old-${(n * 7919) % OLD_JOBS}`));
  return times;
}

/** By the times in the log. The addresses are none, so that each job is over at once. */
async function begin({ call: ask }: Running): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < BEGINS; n += 1) {
    const { job_id: id } = await ask('POST', '/api/v2/clone', { ...clone(n), source_url: 'http://[' });
    await ask('GET', `/api/v2/job-status/${String(id)}?wait=30`);
    const log: { events?: { event: { at: string; reason?: string } }[] } = await ask(
      'GET',
      `/api/v2/jobs/${String(id)}/log`,
    );
    const moment = (reason: string): number =>
      Date.parse(log.events?.find(({ event }) => event.reason === reason)?.event.at ?? '');
    times.push(moment('begun') - moment('accepted'));
  }
  return times;
}

async function timed(times: number[], work: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  await work();
  times.push(performance.now() - start);
}

/** Jobs that ended in the last month, as the agent leaves them, and no others. */
function ageJobs(file: string): void {
  const database = new SqliteDatabase(file);
  const month = 30 * 24 * 3600_000;
  database.exec(`
    WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < ${OLD_JOBS - 1})
    INSERT INTO jobs (id, kind, state, priority, request, created_at, not_before, started_at, finished_at, progress, message, result)
    SELECT 'old-' || n, 'clone', 'completed', 10, '{"url":"https://site.example"}', at, at, at, at, 100, 'completed', '{"clone_id":"old"}'
    FROM (SELECT n, ${Date.now() - month / 2} + n AS at FROM n)`);
  database.close();
}

/** What the disk itself takes for a little that must stay. */
function syncTimes(folder: string): number[] {
  const file = openSync(join(folder, 'sync'), 'w');
  const page = Buffer.alloc(4096, 1);
  const times = Array.from({ length: 500 }, () => {
    const start = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    return performance.now() - start;
  });
  closeSync(file);
  return times;
}

function at(times: readonly number[], share: number): number {
  const sorted = times.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

const said = (times: readonly number[]): string =>
  `p50 ${at(times, 0.5).toFixed(1)}, p95 ${at(times, 0.95).toFixed(1)}, p99 ${at(times, 0.99).toFixed(1)}, worst ${at(times, 1).toFixed(1)} ms`;
