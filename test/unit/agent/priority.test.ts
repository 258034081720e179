import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { expect, onTestFinished, test } from 'vitest';
import { lowerPriority } from '../../../src/agent/work/priority.ts';
import { workContext } from '../../support/work.ts';

const KERNEL = '/proc/sys/kernel/sched_autogroup_enabled';
const hasGroups = existsSync(KERNEL) && existsSync('/proc/self/autogroup');
const nicenessOf = (pid: number | undefined): string | undefined =>
  / nice (-?\d+)/.exec(readFileSync(`/proc/${pid}/autogroup`, 'latin1'))?.[1];

test.skipIf(!hasGroups)(
  'the process of a job goes behind others, what it has started in sessions of its own does not (needs a kernel with autogroups)',
  async () => {
    // A shell that starts a server of its own and says which.
    const job = spawn('sh', ['-c', 'read go; setsid sleep 60 & echo $!; wait'], { detached: true });
    onTestFinished(() => void (job.pid !== undefined && process.kill(-job.pid, 'SIGKILL')));
    await lowerPriority(job.pid, workContext());
    expect(nicenessOf(job.pid)).toBe('5');
    job.stdin.write('go\n');
    const [said]: unknown[] = await once(job.stdout, 'data');
    const server = Number(String(said));
    onTestFinished(() => void process.kill(server, 'SIGKILL'));
    await expect.poll(() => nicenessOf(server)).toBe('0');
  },
);

test.skipIf(!hasGroups)('the agent does not go behind with a process that is still in its session', async () => {
  const own = nicenessOf(process.pid);
  const job = spawn('sleep', ['60']);
  onTestFinished(() => void job.kill('SIGKILL'));
  let looks = 0;
  const sleep = async (): Promise<void> => {
    looks += 1;
    if (looks === 3) job.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 10));
  };
  await lowerPriority(job.pid, { ...workContext(), sleep });
  expect(looks).toBeGreaterThan(2);
  expect(nicenessOf(process.pid)).toBe(own);
});

test('a process that is gone is none of its troubles', async () => {
  const job = spawn('true', { detached: true });
  await once(job, 'exit');
  await expect(lowerPriority(job.pid, workContext())).resolves.toBeUndefined();
});

const mayRaise = hasGroups && process.getuid?.() === 0;
test.skipIf(!mayRaise)(
  'an agent of root that leads a session goes before others, and one in the session of a shell leaves that as it is (needs root, and a kernel with autogroups)',
  async () => {
    const module = new URL('../../../src/agent/work/priority.ts', import.meta.url).href;
    const script = `const { raisePriority } = await import(${JSON.stringify(module)}); await raisePriority(); process.stdout.write('done'); setTimeout(() => {}, 60_000);`;
    const nicenessAfter = async (detached: boolean): Promise<string | undefined> => {
      const agent = spawn(process.execPath, ['--input-type=module', '--eval', script], { detached });
      onTestFinished(() => void agent.kill('SIGKILL'));
      await once(agent.stdout, 'data');
      return nicenessOf(agent.pid);
    };
    expect(await nicenessAfter(true)).toBe('-10');
    expect(await nicenessAfter(false)).toBe(nicenessOf(process.pid));
  },
);

/** Policy and priority (proc(5), fields 41 and 40 of stat), and what it may ask for. */
function realTimeOf(pid: number | undefined) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const limit = /^Max realtime priority +(\d+) +(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'latin1'));
  return { policy: Number(fields[38]), priority: Number(fields[37]), limits: [limit?.[1], limit?.[2]] };
}
const [NORMAL, ROUND_ROBIN] = [0, 2];

/** An agent that has raised its priority, and one that it started then. */
async function agentWithChild(...wrapper: readonly string[]) {
  const module = new URL('../../../src/agent/work/priority.ts', import.meta.url).href;
  const script = `import { spawn } from 'node:child_process';
    const { raisePriority } = await import(${JSON.stringify(module)});
    await raisePriority();
    process.stdout.write(String(spawn('sleep', ['60']).pid));
    setTimeout(() => {}, 60_000);`;
  const [program, ...words] = [...wrapper, process.execPath, '--input-type=module', '--eval', script];
  const agent = spawn(program, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void agent.kill('SIGKILL'));
  const [said]: unknown[] = await once(agent.stdout, 'data');
  const child = Number(String(said));
  onTestFinished(() => void process.kill(child, 'SIGKILL'));
  return { agent: realTimeOf(agent.pid), child: realTimeOf(child) };
}

const mayBeRealTime = process.platform === 'linux' && canBeRealTime();
/** In a container not even root may. */
function canBeRealTime(): boolean {
  return spawnSync('chrt', ['--rr', '1', 'true']).status === 0;
}

test.skipIf(!mayBeRealTime)(
  'an agent that may goes before all else, what it starts neither does nor can (needs root, and a kernel that lets it)',
  async () => {
    const { agent, child } = await agentWithChild();
    expect(agent).toEqual({ policy: ROUND_ROBIN, priority: 1, limits: ['0', '0'] });
    expect(child).toEqual({ policy: NORMAL, priority: 0, limits: ['0', '0'] });
  },
);

test.skipIf(process.getuid?.() !== 0)(
  'an agent that may not goes on as it is (needs root to become somebody else)',
  async () => {
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    expect((await agentWithChild(...nobody)).agent).toMatchObject({ policy: NORMAL, priority: 0 });
  },
);
