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

/** What Linux says of a process in /proc/PID/stat (proc(5)). */
export interface ProcessStat {
  /** `Z` and `X` have ended. */
  readonly state: string;
  /** Its process group, its session, and the group in the foreground of its terminal (-1 without one). */
  readonly group: number;
  readonly session: number;
  readonly foreground: number;
  /** When it started, in clock ticks since the machine did. */
  readonly startedAt: string;
}

/** Takes the content of /proc/PID/stat apart. The name in field 2 may hold spaces and parentheses: fields are counted from behind its last one. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', , group, session, , foreground] = fields;
  return {
    state,
    group: Number(group),
    session: Number(session),
    foreground: Number(foreground),
    startedAt: fields[19] ?? '',
  };
}

/** Undefined when there is no such process. */
export const readStat = (pid: number): Promise<ProcessStat | undefined> =>
  readFile(`/proc/${pid}/stat`, 'latin1').then(parseStat, () => undefined);

const hasEnded = ({ state }: ProcessStat): boolean => state === 'Z' || state === 'X';

/**
 * When a process started, as a text that no later process with the same id has, also after a reboot; undefined when there
 * is none. Linux: boot id and start time in clock ticks; elsewhere what ps says.
 */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return startByPs(pid);
  const stat = await readStat(pid);
  if (stat === undefined || hasEnded(stat)) return undefined;
  // A sandbox may hide it.
  return bootId().then(
    (boot) => `${boot}:${stat.startedAt}`,
    () => undefined,
  );
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

/** The group of a process; undefined when it is gone. */
export async function groupOf(pid: number): Promise<number | undefined> {
  if (process.platform !== 'linux') {
    const { stdout } = await run(PS, ['-o', 'pgid=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
    return stdout.trim() === '' ? undefined : Number(stdout);
  }
  const stat = await readStat(pid);
  return stat === undefined || hasEnded(stat) ? undefined : stat.group;
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
