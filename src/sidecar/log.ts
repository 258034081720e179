import type { Clock, Logger } from '../shared/context.ts';

/** One JSON object per line, as log collectors of clusters expect. */
export function createLineLogger(write: (line: string) => void, now: Clock): Logger {
  const at = (level: string) => (message: string, fields?: Record<string, unknown>) =>
    write(`${JSON.stringify({ time: new Date(now()).toISOString(), level, message, ...fields })}\n`);
  return { debug: () => undefined, info: at('info'), warn: at('warn') };
}
