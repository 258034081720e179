import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** A process that can be told from a later one with the same id. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string;
}

const run = promisify(execFile);
/** Where the BSDs and macOS have it; Linux is asked through /proc. */
const PS = '/bin/ps';

/**
 * When a process started, as a text that no later process with the same id has, also after a reboot; undefined when there
 * is none. Linux: boot id and start time in clock ticks (proc(5), field 22 of /proc/PID/stat); elsewhere what ps says.
 */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return startByPs(pid);
  try {
    const [stat, boot] = await Promise.all([readFile(`/proc/${pid}/stat`, 'latin1'), bootId()]);
    // The name in field 2 may hold spaces and parentheses: fields are counted from behind its last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    return state === 'Z' || state === 'X' ? undefined : `${boot}:${fields[19]}`;
  } catch {
    return undefined;
  }
}

const bootId = async (): Promise<string> => (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim();

async function startByPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run(PS, ['-o', 'lstart=', '-p', String(pid)], { env: { LC_ALL: 'C' } });
    return stdout.trim() === '' ? undefined : stdout.trim();
  } catch {
    return undefined;
  }
}

/** The identity of the process that has this id now; undefined when there is none. */
export async function identityOf(pid: number): Promise<ProcessIdentity | undefined> {
  const startedAt = await startOf(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Whether this very process still runs, not another one that was given its id. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await startOf(identity.pid)) === identity.startedAt;
}

/**
 * The members of a process group that are alive. A group keeps its number reserved while it has members (setpgid(2)), so
 * workers whose leader was killed are still found by the leader's id.
 */
export async function groupMembers(group: number): Promise<readonly number[]> {
  if (process.platform !== 'linux') {
    const { stdout } = await run(PS, ['-A', '-o', 'pid=,pgid=,stat=']);
    return stdout
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, pgid, state]) => Number(pgid) === group && !state?.startsWith('Z'))
      .map(([pid]) => Number(pid));
  }
  const pids = await allProcesses();
  const members = await Promise.all(pids.map(async (pid) => ((await groupOf(pid)) === group ? pid : undefined)));
  return members.filter((pid) => pid !== undefined);
}

/**
 * Whether a group led by this process may still have members: not when its id now belongs to another process, nor when the
 * machine was started anew since.
 */
export async function mayHaveMembers(leader: ProcessIdentity): Promise<boolean> {
  const started = await startOf(leader.pid);
  if (started !== undefined) return started === leader.startedAt;
  if (process.platform !== 'linux') return true;
  return leader.startedAt.startsWith(await bootId());
}

/** The command lines of all processes that may be looked at; one without a command line (a zombie) is left out. */
export async function commandLines(): Promise<readonly { readonly pid: number; readonly words: readonly string[] }[]> {
  if (process.platform !== 'linux') {
    const { stdout } = await run(PS, ['-A', '-ww', '-o', 'pid=,command='], { maxBuffer: 2 ** 26 });
    return stdout.split('\n').flatMap((line) => {
      const [pid, ...words] = line.trim().split(' ');
      return words.length === 0 ? [] : [{ pid: Number(pid), words }];
    });
  }
  const found = await Promise.all(
    (await allProcesses()).map(async (pid) => {
      const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
      return { pid, words: line.split('\0').slice(0, -1) };
    }),
  );
  return found.filter(({ words }) => words.length > 0);
}

const allProcesses = async (): Promise<readonly number[]> =>
  (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);

/** The group of a process; undefined when it is gone. Linux: proc(5), field 5 of /proc/PID/stat. */
export async function groupOf(pid: number): Promise<number | undefined> {
  if (process.platform !== 'linux') {
    const { stdout } = await run(PS, ['-o', 'pgid=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
    return stdout.trim() === '' ? undefined : Number(stdout);
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return stat === '' || state === 'Z' ? undefined : Number(group);
}

/** Sends a signal to a process (or with a negative number to a group); says whether there was one. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
