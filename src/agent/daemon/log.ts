import pino from 'pino';
import type { Logger } from '../../shared/context.ts';
import { printable } from '../../shared/format.ts';

/** Names of fields that are never written, whatever is in them. */
const SECRET_NAME = /password|secret|token|authorization|cookie|login_?url/i;
/** Values that let somebody in, wherever they stand: our tokens, log-in links, names and passwords in addresses. */
const SECRET_VALUES: readonly [RegExp, string][] = [
  [/\bwpc_[\w-]+/g, 'wpc_…'],
  [/([?&]wpclone[\w-]*=)[^\s&"]+/gi, '$1…'],
  [/(:\/\/)[^\s/@"]+@/g, '$1…@'],
];
/** Fields are flat; what lies deeper than this is nothing that was meant for a log. */
const DEPTH = 3;

/** Where lines go, and whether a person reads them. */
export interface LogStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** One line of JSON for each entry, or one for people on a terminal. What is secret is left out by its name and by its looks. */
export function createAgentLog(stream: LogStream, level: 'debug' | 'info'): Logger {
  const target = stream.isTTY === true ? { write: (line: string) => stream.write(readable(line)) } : stream;
  const log = pino(
    {
      level,
      base: undefined,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    target,
  );
  const line =
    (write: 'debug' | 'info' | 'warn') =>
    (message: string, fields: Record<string, unknown> = {}): void =>
      log[write](cleanFields(fields, DEPTH), clean(message));
  return { debug: line('debug'), info: line('info'), warn: line('warn') };
}

const clean = (text: string): string =>
  SECRET_VALUES.reduce((rest, [what, instead]) => rest.replace(what, instead), text);

function cleanFields(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, SECRET_NAME.test(name) ? '…' : cleanValue(value, depth)]),
  );
}

function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return clean(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '…';
  if (Array.isArray(value)) return value.map((each) => cleanValue(each, depth - 1));
  return cleanFields({ ...value }, depth - 1);
}

/** `12:00:03 info  job begun  job=… kind=clone`. */
function readable(line: string): string {
  const { time, level, msg, ...fields }: Record<string, unknown> = JSON.parse(line);
  const rest = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  // Much of it comes from sites: nothing of it may steer the terminal.
  return `${printable([String(time).slice(11, 19), String(level).padEnd(5), String(msg), ...rest].join(' '))}\n`;
}
