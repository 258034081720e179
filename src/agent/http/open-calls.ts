import type { FastifyReply, FastifyRequest } from 'fastify';
import { WpcloneError } from '../../shared/errors.ts';
import type { Caller } from '../access/token.ts';
import type { AgentDeps } from './types.ts';

/** Milliseconds between two looks at whether the tokens of open calls are still good; `wpclone agent token revoke` is another process. */
const LOOK = 1_000;

/** Calls that are not answered yet, and streams that are open. A token is asked for once; what it let in must not outlive it. */
export interface OpenCalls {
  /** Answers the call with 401 once its token is revoked, or cuts it off where the answer has begun. */
  add(caller: Caller, request: FastifyRequest, reply: FastifyReply): void;
  /** How a call is ended otherwise, such as a stream with a word. */
  endBy(request: FastifyRequest, end: () => void): void;
}

interface OpenCall {
  readonly token: string;
  end: () => void;
}

/** One clock for all: it stands still while nobody calls. */
export function createOpenCalls({ tokens, work, closing }: Pick<AgentDeps, 'tokens' | 'work' | 'closing'>): OpenCalls {
  const open = new Map<FastifyRequest, OpenCall>();
  let looking = false;

  const endRevoked = (): void => {
    const good = new Map<string, boolean>();
    for (const { token } of open.values()) if (!good.has(token)) good.set(token, tokens.isGood(token));
    for (const call of open.values()) if (good.get(call.token) === false) call.end();
  };
  const look = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    while (open.size > 0 && !closing.aborted) {
      await work.sleep(LOOK, closing).catch(() => undefined);
      try {
        endRevoked();
      } catch (error) {
        // The next look asks again.
        work.log.warn('cannot see which tokens are good', { error: String(error) });
      }
    }
    looking = false;
  };
  return {
    add({ token }, request, reply) {
      open.set(request, { token, end: () => endCall(reply) });
      reply.raw.once('close', () => open.delete(request));
      void look();
    },
    endBy(request, end) {
      const call = open.get(request);
      if (call !== undefined) call.end = end;
    },
  };
}

function endCall(reply: FastifyReply): void {
  if (reply.sent || reply.raw.headersSent) reply.raw.destroy();
  else void reply.send(new WpcloneError('UNAUTHORIZED', 'The token was revoked.'));
}
