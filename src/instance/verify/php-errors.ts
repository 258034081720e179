import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { printable } from '../../shared/format.ts';
import { hintsOf } from './php-hints.ts';
import type { InstancePaths } from '../types.ts';

/** The end of a log that may be long. */
const TAIL = 64 * 1024;
const LINES = 3;
/** What PHP's own words begin with. */
export const PHP_SAID = ' PHP said: ';

const logOf = (paths: InstancePaths): string => join(paths.run, 'php-errors.log');

/** How much PHP has logged by now, in bytes. */
export const phpLogSize = (paths: InstancePaths): Promise<number> =>
  stat(logOf(paths)).then(
    ({ size }) => size,
    () => 0,
  );

/**
 * " PHP said: …" with the last errors of PHP's log since it had a size, shortened; '' when it logged none. Arguments are never
 * in it (zend.exception_ignore_args).
 */
export async function whatPhpSaid(paths: InstancePaths, since: number): Promise<string> {
  const lines = (await tail(logOf(paths), since).catch(() => '')).split('\n');
  const fatal = lines.filter((line) => /PHP (?:Fatal|Parse|Recoverable)/.test(line));
  const telling = fatal.length > 0 ? fatal : lines.filter((line) => line.includes('PHP Warning'));
  const said = [...new Set(telling.map((line) => printable(line.replace(/^\[[^\]]*\] /, '')).slice(0, 300)))];
  const last = said.slice(-LINES);
  return last.length === 0 ? '' : `${PHP_SAID}${last.join(' | ')}.${hintsOf(last)}`;
}

/** How WordPress logs a statement that the database does not understand, whatever the site's settings are: words, statement, functions. */
const NOT_UNDERSTOOD =
  /WordPress database error ((?:You have an error in your SQL syntax|FUNCTION \S+ does not exist).*?) for query .*? made by (.*)$/;

/** The last statement since the log had a size that the clone's database did not understand: the database's words, and whose code it was; '' when there was none. */
export async function whatDatabaseSaid(paths: InstancePaths, since: number): Promise<string> {
  const lines = (await tail(logOf(paths), since).catch(() => '')).split('\n');
  const found = lines.map((line) => NOT_UNDERSTOOD.exec(line)).findLast((match) => match !== null);
  if (!found) return '';
  const [, words = '', functions = ''] = found;
  return printable(`${words.slice(0, 300)} (in ${functions.split(', ').at(-1)?.slice(0, 100)})`);
}

async function tail(path: string, since: number): Promise<string> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(TAIL), 0, TAIL, Math.max(since, size - TAIL));
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}
