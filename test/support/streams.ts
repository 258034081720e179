import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { testApi } from './agent.ts';
import { claimed, newJob } from './job-store/kit.ts';

/** What many readers of one job's events met. */
export interface Streamed {
  /** Milliseconds from an event to a reader, of each event and reader. */
  readonly times: readonly number[];
  /** Bytes by which the agent grew, and of its write-ahead log. */
  readonly grown: number;
  readonly log: number;
  /** Milliseconds of the processors that the agent took while the events were told. */
  readonly processor: number;
  /** Milliseconds that the agent took to close. */
  readonly closing: number;
}

/** So many streams, read in a process of their own, and one more whose reader takes nothing; an event every so many milliseconds. */
export async function streamToMany(readers: number, events: number, pause: number): Promise<Streamed> {
  const api = await testApi({
    limits: { queue: 10, queuePerCustomer: 10, requestsPerSecond: 10_000, streams: readers + 1 },
  });
  try {
    const url = await api.app.listen({ host: '127.0.0.1', port: 0 });
    const { authorization } = api.bearer(['read']);
    const { job } = await api.store.enqueue(newJob());
    const { attempt } = await claimed(api.store);
    const path = `/api/v2/jobs/${job.id}/events`;
    connect(Number(new URL(url).port), '127.0.0.1')
      .pause()
      .write(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: ${authorization}\r\n\r\n`);
    const program = join(import.meta.dirname, 'stream-readers.ts');
    const child = spawn(process.execPath, [program, url + path, authorization.slice(7), String(readers)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    const before = process.memoryUsage().rss;
    const usage = process.cpuUsage();
    for (let n = 0; n < events; n += 1) {
      api.clock.now = Date.now();
      await api.store.append(attempt, { type: 'step-finished', step: 'files', message: 'x'.repeat(500), seconds: n });
      await sleep(pause);
    }
    const { user, system } = process.cpuUsage(usage);
    const grown = process.memoryUsage().rss - before;
    const log = statSync(`${api.file}-wal`).size;
    const began = performance.now();
    const closed = api.app.close().then(() => performance.now() - began);
    const times: number[] = JSON.parse(await text(child.stdout));
    return { times, grown, log, processor: (user + system) / 1000, closing: await closed };
  } finally {
    await api.close();
  }
}
