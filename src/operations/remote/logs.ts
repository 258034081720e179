import { linesOf } from '../../shared/lines.ts';
import type { AgentClient } from './http.ts';

/** Seconds that nothing may be logged before the connection is taken for dead: while following, as good as never. */
const FOLLOWING = 24 * 3600;

/** The lines of logs that an agent sends as text, as they come. */
export async function* readLogs(
  client: AgentClient,
  path: string,
  { follow }: { readonly follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<string> {
  const call = { method: 'GET' as const, path, ...(follow ? { query: { follow: 'true' }, seconds: FOLLOWING } : {}) };
  const { chunks, drop } = await client.open(call, signal);
  try {
    yield* linesOf(chunks);
  } finally {
    drop();
  }
}
