import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeTemp } from '../test/support/temp.ts';

const COMMAND = join(import.meta.dirname, '../bin/run.js');
/** Is loaded into the command and writes down what it cost. */
const COLLECTOR = join(import.meta.dirname, 'collector.js');

/** Milliseconds, after which a run is taken for stuck. */
const LONGEST = 180_000;

export interface Ran {
  readonly seconds: number;
  readonly output: string;
  /** The most memory it held at once, in megabytes; 0 where the system does not tell. */
  readonly peak: number;
  /** Seconds of the processors that it took, without the servers that it started. */
  readonly processor: number;
  /** Which part of the time its main thread spent in the garbage collector; from 0 to 1. */
  readonly collector: number;
}

/** Runs the built command to its end. Throws with its error output when it fails. */
export async function wpclone(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<Ran> {
  const report = join(makeTemp('collector'), 'report.json');
  const start = performance.now();
  // As it is run when installed: by what its first line names.
  const child = spawn(COMMAND, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST,
    env: { ...process.env, ...environment, NODE_OPTIONS: `--import=${COLLECTOR}`, WPCLONE_BENCH_COLLECTOR: report },
  });
  let peak = 0;
  const watch = setInterval(() => (peak = Math.max(peak, peakOf(child.pid ?? 0))), 25);
  const out: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    // Not `close`: what the command left running in the background may hold the pipes open.
    child.once('exit', resolve);
  });
  const seconds = (performance.now() - start) / 1000;
  clearInterval(watch);
  const output = Buffer.concat(out).toString();
  if (code !== 0)
    throw new Error(`wpclone ${args.join(' ')} ended with ${code}:\n${output}${Buffer.concat(errors).toString()}`);
  const { processor, collected }: { processor: number; collected: number } = JSON.parse(readFileSync(report, 'utf8'));
  return { seconds, output, peak, processor, collector: collected / seconds };
}

/** VmHWM of proc_pid_status(5): the peak of what is resident. */
function peakOf(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0) / 1000;
  } catch {
    return 0;
  }
}
