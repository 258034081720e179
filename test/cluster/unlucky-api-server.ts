import { betweenApiServer, type BetweenApiServer } from './between-api-server.ts';

export interface UnluckyApiServer extends BetweenApiServer {
  /** The status of every answer that came from the API server, lost or not, by method and path. */
  readonly answers: Map<string, number[]>;
}

/**
 * The API server, as it is when it has too much to do: whatever is asked for the first time is told to come again (429), and
 * of whatever is written for the first time the answer gets lost, though it was done.
 */
export async function unluckyApiServer(): Promise<UnluckyApiServer> {
  const refused = new Set<string>();
  const answers = new Map<string, number[]>();
  const between = await betweenApiServer(({ call, incoming, answer, pass }) => {
    if (!refused.has(call)) {
      refused.add(call);
      incoming.resume();
      answer.writeHead(429, { 'content-type': 'text/plain', 'retry-after': '1' });
      answer.end('Too many requests, please try again later.\n');
      return;
    }
    pass((status) => {
      const earlier = answers.get(call) ?? [];
      answers.set(call, [...earlier, status]);
      const isWrite = /^(POST|PATCH|DELETE) /.test(call) && !call.includes('/proxy/');
      return earlier.length === 0 && isWrite ? 'is lost' : 'passes';
    });
  });
  return { ...between, answers };
}
