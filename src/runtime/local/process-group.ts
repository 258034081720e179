import { spawn } from 'node:child_process';
import type { WorkContext } from '../../shared/context.ts';
import { groupMembers, sendSignal } from '../../shared/process.ts';
import { waitUntil } from '../../shared/wait-until.ts';

/** What is kept of a program's output: its end. */
const OUTPUT_BYTES = 64 * 1024;
/** Milliseconds for killed processes to be gone. */
const GONE_LIMIT = 10_000;

/** How a program ended. */
export interface Ended {
  /** null when it was killed or could not be started. */
  readonly code: number | null;
  readonly output: string;
}

/**
 * Runs a program to its end, in a process group of its own. When the signal aborts or `limit` milliseconds are over, the
 * whole group is killed, and this returns only when none of it is left: a shell script's children would go on writing.
 */
export async function runInGroup(
  program: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd: string; readonly limit: number },
  context: WorkContext,
): Promise<Ended> {
  const [late, done] = [new AbortController(), new AbortController()];
  const signal = AbortSignal.any([context.signal, late.signal]);
  signal.throwIfAborted();
  const child = spawn(program, args, {
    env: options.env,
    cwd: options.cwd,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString()).slice(-OUTPUT_BYTES);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const { pid } = child;
  const kill = (): void => {
    if (pid !== undefined) sendSignal(-pid, 'SIGKILL');
  };
  signal.addEventListener('abort', kill, { once: true });
  context.sleep(options.limit, done.signal).then(
    () => late.abort(),
    () => undefined,
  );
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  signal.removeEventListener('abort', kill);
  done.abort();
  if (signal.aborted && pid !== undefined) {
    await waitUntil(async () => (await groupMembers(pid)).length === 0, { every: 10, limit: GONE_LIMIT }, context);
  }
  return { code, output };
}
