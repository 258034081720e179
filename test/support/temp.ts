import { randomInt } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'wpclone-test-';

/** Where prepared templates are kept between test runs on this machine. */
export const CACHE = join(tmpdir(), 'wpclone-test-cache');

/** A new empty folder whose name carries our process id, so that a later run can sweep it when this one was killed. */
export function makeTemp(label: string): string {
  sweep();
  return mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-${label}-`));
}

function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // Something is mounted there: what a run that was killed has left is no failure of this one.
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/**
 * A port of 127.0.0.1 for this process alone; always five digits, which the source's template relies on. From below the range
 * that systems take the ports of outgoing connections from, so that none of those takes it in the meantime.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 20_000);
    if (reserve(port) && (await canListen(port))) return port;
  }
}

/** Several test processes look for ports at the same time, and only listen on theirs a while later. */
function reserve(port: number): boolean {
  const folder = join(tmpdir(), 'wpclone-test-ports');
  const file = join(folder, String(port));
  mkdirSync(folder, { recursive: true });
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    // Left by a process that has ended; the next look at this port may have it.
    const owner = ownerOf(file);
    if (owner !== 0 && !isAlive(owner)) rmSync(file, { force: true });
    return false;
  }
}

/** 0 while it is being written, and when another has just removed it. */
function ownerOf(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0;
  }
}

const canListen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });

/** Runs a command to its end and returns what it wrote; throws with its error output when it fails. */
export async function run(command: readonly string[], input?: string): Promise<string> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const out: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const text = Buffer.concat(out).toString();
  if (code !== 0)
    throw new Error(`${command.join(' ')} ended with ${code}:\n${Buffer.concat(errors).toString()}${text}`);
  return text;
}
