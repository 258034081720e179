import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { startSource } from '../../test/support/source/index.ts';
import { wpclone } from '../command.ts';
import { createHome } from '../home.ts';
import type { Row } from '../table.ts';
import { at, said, timed, type Times } from './figures.ts';
import { ended, nowhere, posts, type Running, withAgent } from './process.ts';

const OLD_JOBS = 100_000;
const PER_SECOND = 50;
const SECONDS = 60;
const LOOKS = 2_000;
const BEGINS = 25;

/** Accepted jobs beside a hundred thousand old ones, while nobody carries them out, and what the disk alone takes. */
export async function postRows(): Promise<Row[]> {
  return beside(async (home) => {
    const times = await withAgent({ home, jobs: 0 }, (agent) =>
      posts(agent, { perSecond: PER_SECOND, seconds: SECONDS, token: undefined }),
    );
    const syncs = syncTimes(home);
    return [
      {
        what: `agent, POST to a durable 202 (${PER_SECOND} a second for ${SECONDS} s)`,
        ours: `${said(times)} (goal: p99 10 ms)`,
        beside: `${said(syncs)}, 4 KB and fdatasync`,
        ratio: `${(at(times, 0.5) / at(syncs, 0.5)).toFixed(1)} × (p50)`,
      },
    ];
  });
}

/** The same while four clones are made all the time. */
export async function busyPostRows(): Promise<Row[]> {
  const home = createHome();
  const sources = [
    await startSource({ host: '127.0.0.122', posts: 3 }),
    await startSource({ host: '127.0.0.123', posts: 3 }),
  ];
  try {
    const { output } = await wpclone(['agent', 'token', 'create', 'posts', '--scope', 'clone', '--json'], {
      WPCLONE_HOME: home.folder,
    });
    const { token }: { token: string } = JSON.parse(output);
    const { times, made } = await withAgent({ home: home.folder, jobs: 4, open: false }, async (agent) => {
      const over = new AbortController();
      let clones = 0;
      const busy = Promise.withResolvers<void>();
      // Two at a time of one source, and one that waits; what an administrator asks for comes first.
      const makers = sources.flatMap((source) =>
        Array.from({ length: 3 }, async () => {
          while (!over.signal.aborted) {
            const { job_id: id } = await agent.call('POST', '/api/v2/clone', {
              source_url: source.url,
              source_username: source.adminUser,
              source_password: source.adminPassword,
            });
            const { clone_id: clone } = await ended(agent, String(id));
            if (typeof clone !== 'string') throw new Error('A clone could not be made.');
            await agent.call('DELETE', `/api/v2/delete/${clone}`);
            clones += 1;
            if (clones === 4) busy.resolve();
          }
        }),
      );
      // What an agent does for the first time after its start is not what it does all the time.
      await Promise.race([busy.promise, ...makers]);
      const before = clones;
      const taken = await posts(agent, { perSecond: PER_SECOND, seconds: SECONDS, token });
      over.abort();
      const counted = clones - before;
      await Promise.all(makers);
      return { times: taken, made: counted };
    });
    return [
      {
        what: `agent, the same while four clones are made all the time (${made} in ${SECONDS} s)`,
        ours: `${said(times)} (goal: p99 25 ms)`,
        beside: '',
        ratio: '',
      },
    ];
  } finally {
    await home.remove();
    for (const source of sources) await source.stop();
  }
}

export async function statusRows(): Promise<Row[]> {
  return beside((home) =>
    withAgent({ home, jobs: 0 }, async ({ call }) => {
      const times: Times = [];
      for (let n = 0; n < LOOKS; n += 1)
        await timed(times, () => call('GET', `/api/v2/job-status/old-${(n * 7919) % OLD_JOBS}`));
      const what = `agent, job-status beside ${OLD_JOBS} old jobs`;
      return [{ what, ours: `${said(times)} (goal: p99 5 ms)`, beside: '', ratio: '' }];
    }),
  );
}

export async function beginRows(): Promise<Row[]> {
  const home = createHome();
  try {
    const times = await withAgent({ home: home.folder, jobs: 1 }, begin);
    return [{ what: 'agent, accepted to begun', ours: `${said(times)} (goal: p99 10 ms)`, beside: '', ratio: '' }];
  } finally {
    await home.remove();
  }
}

/** By the times in the log. The addresses are none, so that each job is over at once. */
async function begin(agent: Running): Promise<Times> {
  const times: Times = [];
  for (let n = 0; n < BEGINS; n += 1) {
    const { job_id: id } = await agent.call('POST', '/api/v2/clone', { ...nowhere(n), source_url: 'http://[' });
    await ended(agent, String(id));
    const log: { events?: { event: { at: string; reason?: string } }[] } = await agent.call(
      'GET',
      `/api/v2/jobs/${String(id)}/log`,
    );
    const moment = (reason: string): number =>
      Date.parse(log.events?.find(({ event }) => event.reason === reason)?.event.at ?? '');
    times.push(moment('begun') - moment('accepted'));
  }
  return times;
}

/** In a home in which many jobs ended in the last month, as the agent leaves them. */
async function beside(work: (folder: string) => Promise<Row[]>): Promise<Row[]> {
  const home = createHome();
  try {
    const { folder } = home;
    await withAgent({ home: folder, jobs: 0 }, () => Promise.resolve());
    const database = new SqliteDatabase(join(folder, 'agent.db'));
    const month = 30 * 24 * 3600_000;
    database.exec(`
      WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < ${OLD_JOBS - 1})
      INSERT INTO jobs (id, kind, state, priority, request, created_at, not_before, started_at, finished_at, progress, message, result)
      SELECT 'old-' || n, 'clone', 'completed', 10, '{"url":"https://site.example"}', at, at, at, at, 100, 'completed', '{"clone_id":"old"}'
      FROM (SELECT n, ${Date.now() - month / 2} + n AS at FROM n)`);
    database.close();
    return await work(folder);
  } finally {
    await home.remove();
  }
}

/** What the disk itself takes for a little that must stay. */
function syncTimes(folder: string): Times {
  const file = openSync(join(folder, 'sync'), 'w');
  const page = Buffer.alloc(4096, 1);
  const times: Times = [];
  for (let n = 0; n < 500; n += 1) {
    const start = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    times.push(performance.now() - start);
  }
  closeSync(file);
  return times;
}
