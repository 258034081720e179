import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync, statfsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startAgent } from '../support/agent-process.ts';
import { type CommandLine, commandLine } from '../support/cli.ts';
import { makeTemp, run } from '../support/temp.ts';

/** Only root may mount a small file system. */
const mayMount = process.getuid?.() === 0;
if (!mayMount) process.stderr.write('agent-disk: skipped, since only root may mount a small file system\n');

const disk = makeTemp('small-disk');
const filler = join(disk, 'filler');
const cli = commandLine();
const onDisk: CommandLine = {
  ...cli,
  home: disk,
  start: (args, options) => cli.start(args, { ...options, environment: { WPCLONE_HOME: disk } }),
};
let site: Server;
/** Answers of the site that are held back until the test lets them go. */
const held: (() => void)[] = [];
let hog: ChildProcess | undefined;
let url = '';

beforeAll(async () => {
  if (!mayMount) return;
  await run(['mount', '-t', 'tmpfs', '-o', 'size=8m,mode=0700', 'tmpfs', disk]);
  site = createServer((_request, response) => {
    held.push(() => response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>No WordPress</h1>'));
  }).listen(0, '127.0.0.1');
  await once(site, 'listening');
  const address = site.address();
  url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
});
afterAll(async () => {
  await cli.stop();
  if (!mayMount) return;
  site.closeAllConnections();
  site.close();
  // Before the small disk goes: what fills it would go on with the machine's.
  await endHog();
  await run(['umount', '-l', disk]);
});

/** Takes every last page of the disk, and each that comes free, until the returned function makes room. */
async function fill(): Promise<() => Promise<void>> {
  hog = spawn('sh', ['-c', 'while :; do cat /dev/zero >> "$0"; done', filler], { stdio: 'ignore', detached: true });
  await expect.poll(() => statfsSync(disk).bavail).toBe(0);
  return async () => {
    await endHog();
    rmSync(filler);
  };
}

/** With the `cat` that it waits for. */
async function endHog(): Promise<void> {
  if (hog?.pid === undefined || hog.exitCode !== null || hog.signalCode !== null) return;
  const closed = once(hog, 'close');
  process.kill(-hog.pid, 'SIGKILL');
  await closed;
}

it.skipIf(!mayMount)('a full disk promises nothing and loses nothing, and all goes on when there is room', async () => {
  const agent = await startAgent(onDisk, ['--jobs', '1']);
  const body = { source_url: url, source_username: 'admin', source_password: 'x' };

  // A job that is about to end, on a disk that is full by then.
  const job = String((await agent.call('POST', '/api/v2/clone', body)).body['job_id']);
  await expect.poll(() => held.length).toBeGreaterThan(0);
  const makeRoom = await fill();
  const refused = await agent.call('POST', '/api/v2/clone', body);
  expect(refused).toMatchObject({ status: 507, body: { error: { code: 'DISK_FULL' } } });
  // A write is believed for a second: the one before the disk was full, and the one before there was room.
  const ready = (): Promise<number> => agent.call('GET', '/readyz').then(({ status }) => status);
  await expect.poll(ready).toBe(503);
  expect((await agent.call('GET', '/livez')).status).toBe(200);
  const letGo = setInterval(() => held.splice(0).forEach((answer) => answer()), 50);
  try {
    await agent.running.seen(/the end of a job cannot be written yet/);
    expect((await agent.call('GET', `/api/v2/job-status/${job}`)).body).toMatchObject({ status: 'running' });
    await makeRoom();
    const ended = await agent.until(job, ({ status }) => status === 'failed');
    expect(ended.error).toMatchObject({ code: expect.not.stringMatching(/INTERNAL/) });
  } finally {
    clearInterval(letGo);
  }
  await expect.poll(ready).toBe(200);
  expect((await agent.call('GET', '/api/v2/jobs')).body['jobs']).toHaveLength(1);
  expect((await agent.call('POST', '/api/v2/clone', body)).status).toBe(202);
  await agent.end('SIGKILL');
});
