import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Logger, newJobId, type WorkContext } from '../shared/context.ts';
import type { Emit } from '../shared/events.ts';

/** The context of one command, with the real clock, real waiting and real randomness. The log goes to stderr with `debug`. */
export function createWorkContext(options: { signal: AbortSignal; emit: Emit; debug: boolean }): WorkContext {
  return {
    signal: options.signal,
    emit: options.emit,
    now: Date.now,
    sleep: async (milliseconds, signal) => {
      try {
        await wait(milliseconds, undefined, { signal });
      } catch (error) {
        // Not Node's own AbortError: whoever cancelled said why.
        signal?.throwIfAborted();
        throw error;
      }
    },
    randomBytes,
    jobId: newJobId(randomBytes),
    log: options.debug ? debugLogger() : silentLogger,
  };
}

const silentLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {} };

function debugLogger(): Logger {
  const started = performance.now();
  const line =
    (level: string) =>
    (message: string, fields?: Record<string, unknown>): void => {
      const seconds = ((performance.now() - started) / 1000).toFixed(3);
      const rest = fields === undefined ? '' : ` ${JSON.stringify(fields)}`;
      process.stderr.write(`[${seconds}] ${level} ${message}${rest}\n`);
    };
  return { debug: line('debug'), info: line('info'), warn: line('warn') };
}
