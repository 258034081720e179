import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../../shared/format.ts';
import type { InstancePaths } from '../types.ts';

/** The end of a log that may be long. */
const TAIL = 64 * 1024;
const LINES = 3;

/**
 * " PHP said: …" with the last errors of PHP's log, shortened; '' when it logged none. Arguments are never in it
 * (zend.exception_ignore_args).
 */
export async function whatPhpSaid(paths: InstancePaths): Promise<string> {
  const lines = (await tail(join(paths.run, 'php-errors.log')).catch(() => '')).split('\n');
  const fatal = lines.filter((line) => /PHP (?:Fatal|Parse|Recoverable)/.test(line));
  const telling = fatal.length > 0 ? fatal : lines.filter((line) => line.includes('PHP Warning'));
  const said = [...new Set(telling.map((line) => printable(line.replace(/^\[[^\]]*\] /, '')).slice(0, 300)))];
  return said.length === 0 ? '' : ` PHP said: ${said.slice(-LINES).join(' | ')}`;
}

async function tail(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL), 0, TAIL, Math.max(0, size - TAIL));
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}
