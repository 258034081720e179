import type { AgentClient } from './http.ts';

/** Seconds that nothing may be logged before the connection is taken for dead: while following, as good as never. */
const FOLLOWING = 24 * 3600;

/** The lines of an answer that is text, as they come. */
export async function* linesOf(
  client: AgentClient,
  path: string,
  follow: boolean,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const call = { method: 'GET' as const, path, ...(follow ? { query: { follow: 'true' }, seconds: FOLLOWING } : {}) };
  const { chunks, drop } = await client.open(call, signal);
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of chunks) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
    if (rest !== '') yield rest;
  } finally {
    drop();
  }
}
