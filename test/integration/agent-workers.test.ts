import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { keepWorkers } from '../../src/agent/work/workers.ts';
import { identityOf } from '../../src/shared/process.ts';
import { workContext } from '../support/work.ts';

const CHILD = join(import.meta.dirname, '../support/waiting-worker.ts');
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  // None of them is one of the next test's.
  for (const { pid } of children.splice(0)) if (pid !== undefined) await gone(pid);
});

function workers(environment = process.env) {
  const leaving = new AbortController();
  const settings = { environment, runtime: 'local' } as const;
  const kept = keepWorkers(settings, { ...workContext(), signal: leaving.signal });
  const take = (): ChildProcess => {
    const child = kept.take();
    children.push(child);
    return child;
  };
  return { ...kept, take, leave: () => leaving.abort() };
}

/** Processes of jobs that this one has started. */
const started = (parent = process.pid): readonly number[] =>
  execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, ppid, ...args]) => ppid === String(parent) && args.some((word) => word.includes('agent/work/main')))
    .map(([pid]) => Number(pid));

const gone = async (pid: number): Promise<void> => {
  await expect.poll(() => isThere(pid), { timeout: 30_000 }).toBe(false);
};

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

it('gives a job the process that waited for one, and only one waits', () => {
  const { prepare, take, leave } = workers();
  prepare();
  prepare();
  const [waiting, ...more] = started();
  expect(more).toEqual([]);
  expect(take().pid).toBe(waiting);
  expect(take().pid).not.toBe(waiting);
  leave();
});

it('gives a job a new process when the one that waited has died', async () => {
  const { prepare, take, leave } = workers();
  prepare();
  const [waiting = 0] = started();
  process.kill(waiting, 'SIGKILL');
  await gone(waiting);
  // Its end is heard by this process a moment after it.
  await expect.poll(() => started(), { timeout: 30_000 }).toEqual([]);
  const { pid } = take();
  expect(pid).not.toBe(waiting);
  expect(started()).toEqual([pid]);
  leave();
});

it('has another one wait when a job has ended', async () => {
  const { take, leave } = workers();
  const first = take();
  first.kill('SIGKILL');
  await once(first, 'close');
  await expect.poll(() => started().length, { timeout: 30_000 }).toBe(1);
  const [waiting = 0] = started();
  expect(waiting).not.toBe(first.pid);
  leave();
  await gone(waiting);
});

it('gives the next job the process of one that is over, keeps two of them at most, and none once its agent stops', async () => {
  const { take, giveBack, hasAgain, leave } = workers();
  const [first, second, third] = [take(), take(), take()];
  const pidOf = ({ pid = 0 }: ChildProcess): number => pid;
  for (const child of [first, second, third]) giveBack(child);
  expect(await once(third, 'exit')).toEqual([0, null]);
  const identities = await Promise.all([first, second].map((child) => identityOf(pidOf(child))));
  for (const identity of identities) expect(identity && (await hasAgain(identity))).toBe(true);
  expect(await hasAgain({ pid: pidOf(first), startedAt: 'before this machine was started' })).toBe(false);
  expect(await hasAgain({ pid: pidOf(third), startedAt: '' })).toBe(false);
  expect(take()).toBe(second);
  expect(take()).toBe(first);
  giveBack(first);
  leave();
  await gone(pidOf(first));
  giveBack(second);
  await gone(pidOf(second));
});

it('has none wait, and no agent ends for it, where none can be started', async () => {
  const environment = { ...process.env };
  const { prepare, take, leave } = workers(environment);
  const first = take();
  // More than the system takes (execve(2), "Limits on size of arguments and environment").
  environment['TOO_LONG'] = 'x'.repeat(4 << 20);
  expect(prepare).not.toThrow();
  first.kill('SIGKILL');
  await once(first, 'close');
  // What is thrown where nobody waits for it would fail this run.
  await new Promise(setImmediate);
  expect(started()).toEqual([]);
  expect(take).toThrow('E2BIG');
  leave();
});

it('leaves no process waiting when its agent is killed', async () => {
  const agent = spawn(process.execPath, [CHILD], { stdio: 'ignore' });
  children.push(agent);
  const { pid = 0 } = agent;
  await expect.poll(() => started(pid).length, { timeout: 30_000 }).toBe(1);
  const [waiting = 0] = started(pid);
  agent.kill('SIGKILL');
  await gone(waiting);
});
