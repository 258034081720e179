import { toWpcloneError, WpcloneError } from '../shared/errors.ts';
import { errorFromWire, wireErrorSchema } from '../shared/wire-error.ts';
import { agentOfHome, type HomeAgent } from './remote/find.ts';

/** Milliseconds: what an agent is asked here it answers at once. */
const LIMIT = 10_000;

/** Not --agent: these commands are about the agent of a home. */
const nextSteps = ['Start one with wpclone agent; WPCLONE_HOME says whose home is meant.'];

/**
 * Asks the agent that runs in this home, over its socket; for what concerns the agent itself. Throws NO_AGENT when none runs, and what
 * it answers with.
 */
export async function askAgent(home: string, method: 'GET' | 'POST', path: string): Promise<unknown> {
  const agent = agentOfHome(home);
  if (agent === undefined) throw new WpcloneError('NO_AGENT', `No agent runs on ${home}.`, { nextSteps });
  const { status, body } = await call(agent, method, path).catch((cause: unknown) => {
    const message = `No agent runs on ${home}: ${toWpcloneError(cause).message}`;
    throw new WpcloneError('NO_AGENT', message, { cause, nextSteps });
  });
  const answer: unknown = JSON.parse(body);
  if (status < 400) return answer;
  const error = typeof answer === 'object' && answer !== null && 'error' in answer ? answer.error : undefined;
  throw errorFromWire(wireErrorSchema.parse(error));
}

async function call(
  { socket, token }: HomeAgent,
  method: string,
  path: string,
): Promise<{ status: number; body: string }> {
  // An import of this module makes Node.js load its own fetch as well, which few commands need.
  const { request } = await import('node:http');
  return new Promise((resolve, reject) => {
    const headers = { host: 'agent', authorization: `Bearer ${token}` };
    const sent = request({ socketPath: socket, method, path, timeout: LIMIT, headers }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve({ status: response.statusCode ?? 500, body }));
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('it does not answer')));
    sent.on('error', reject);
    sent.end();
  });
}
