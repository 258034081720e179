import { Agent, request } from 'undici';
import { z } from 'zod';
import type { WorkContext } from '../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { parseJson } from '../../shared/json.ts';
import { codeOf } from '../../shared/system.ts';
import { errorFromReport } from '../../shared/wire-error.ts';

/** Where an agent is, and what it knows us by. */
export interface AgentAddress {
  /** Of its HTTP interface; with `socket` only its scheme and name matter. */
  readonly url: string;
  readonly socket?: string;
  readonly token?: string;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Call {
  readonly method: Method;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: object;
  /** What makes a call that is sent twice one call (Idempotency-Key). */
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Not sent again when it got lost. */
  readonly once?: boolean;
  /** Seconds that the answer may take; 60 when it is not given. */
  readonly seconds?: number;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** The rest is not wanted. */
  readonly drop: () => void;
}

/** An agent's HTTP API. Errors are those that the agent reports, or AGENT_UNREACHABLE. */
export interface AgentClient {
  /**
   * What it answers, as `schema` reads it. A call that does no harm when it is sent twice is sent again when it got lost. `untaken` ends
   * it while it is certain that no agent acts on it: between two tries that were both refused.
   */
  call<T>(call: Call, schema: z.ZodType<T>, signal: AbortSignal, untaken?: AbortSignal): Promise<T>;
  /** The answer as it comes; `seconds` is how long it may be silent. */
  open(call: Call, signal: AbortSignal): Promise<Answer>;
  close(): Promise<void>;
}

const SECONDS = 60;
/** Milliseconds before each further try of a call that got lost, or that came too often. */
const PAUSES = [200, 800];
/** Seconds that are waited at most because the agent asked for it. */
const LONGEST_WAIT = 30;

const refusal = z.object({
  error: z.object({ code: z.string(), message: z.string(), next_steps: z.array(z.string()) }),
});

/** Connects when it is first asked. Whoever makes it closes it. */
export function createAgentClient(address: AgentAddress, work: Pick<WorkContext, 'sleep'>): AgentClient {
  const dispatcher = new Agent(address.socket === undefined ? {} : { connect: { socketPath: address.socket } });

  const open = async (call: Call, signal: AbortSignal): Promise<Answer> => {
    signal.throwIfAborted();
    const limit = (call.seconds ?? SECONDS) * 1000;
    try {
      const { statusCode, headers, body } = await request(urlOf(address.url, call), {
        dispatcher,
        signal,
        method: call.method,
        headersTimeout: limit,
        bodyTimeout: limit,
        headers: {
          ...(address.token === undefined ? {} : { authorization: `Bearer ${address.token}` }),
          ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(call.key === undefined ? {} : { 'idempotency-key': call.key }),
          ...call.headers,
        },
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      });
      if (statusCode >= 400) throw refusalOf(address, statusCode, headers['retry-after'], await body.text());
      const type = String(headers['content-type'] ?? '');
      const drop = (): void => void body.destroy().on('error', () => undefined);
      return { status: statusCode, type, chunks: heard(address, body, signal), drop };
    } catch (error) {
      throw lost(address, error, signal);
    }
  };
  const once = async <T>(call: Call, schema: z.ZodType<T>, signal: AbortSignal): Promise<T> => {
    const { chunks } = await open(call, signal);
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    return understood(address, Buffer.concat(parts).toString(), schema);
  };

  return {
    open,
    async call(call, schema, signal, untaken = signal) {
      const again = call.once !== true && (call.method !== 'POST' || call.key !== undefined);
      let mayBeTaken = false;
      for (const pause of PAUSES) {
        try {
          return await once(call, schema, signal);
        } catch (error) {
          const wait = pauseAfter(error, again, pause);
          if (wait === undefined) throw error;
          mayBeTaken ||= toWpcloneError(error).code === 'AGENT_UNREACHABLE';
          await work.sleep(wait, mayBeTaken ? signal : untaken);
        }
      }
      return once(call, schema, signal);
    },
    close: () => dispatcher.close(),
  };
}

/** Milliseconds after which it makes sense to try again; undefined when it makes none. */
function pauseAfter(thrown: unknown, again: boolean, pause: number): number | undefined {
  const { code, retryAfter = LONGEST_WAIT } = toWpcloneError(thrown);
  if (code === 'AGENT_UNREACHABLE') return again ? pause : undefined;
  return code === 'TOO_MANY_REQUESTS' ? Math.min(retryAfter, LONGEST_WAIT) * 1000 : undefined;
}

function urlOf(base: string, { path, query = {} }: Call): URL {
  const url = new URL(base);
  url.pathname = url.pathname.replace(/\/+$/, '') + path;
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url;
}

async function* heard(
  address: AgentAddress,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw lost(address, error, signal);
  }
}

const nameOf = ({ url, socket }: AgentAddress): string => socket ?? url;

/** What went wrong on the way to the agent. Somebody who cancelled said why. */
function lost(address: AgentAddress, error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof WpcloneError) return error;
  const why = error instanceof Error ? error.message || error.name : String(error);
  if (STRANGERS.has(codeOf(error) ?? '')) {
    const message = `The certificate of the agent at ${nameOf(address)} is not believed: ${why}.`;
    const nextSteps = [
      'One of an authority of your own is believed with NODE_EXTRA_CA_CERTS=FILE (its certificate, in PEM).',
    ];
    return new WpcloneError('AGENT_UNREACHABLE', message, { cause: error, nextSteps });
  }
  return unreachable(`The agent at ${nameOf(address)} does not answer: ${why}.`, error);
}

/** What OpenSSL says of certificates that nobody vouches for. */
const STRANGERS: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);

const unreachable = (message: string, cause?: unknown): WpcloneError =>
  new WpcloneError('AGENT_UNREACHABLE', message, { retryable: true, cause });

function refusalOf(address: AgentAddress, status: number, retryAfter: unknown, text: string): WpcloneError {
  const parsed = refusal.safeParse(parseJson(text));
  const seconds = typeof retryAfter === 'string' ? Number.parseInt(retryAfter, 10) : Number.NaN;
  const more = Number.isNaN(seconds) ? {} : { retryAfter: seconds };
  if (parsed.success) {
    const { code, message } = parsed.data.error;
    // What the agent says to do about a request is for who wrote it; here a command did, and its steps are the person's.
    return code === 'BAD_INPUT' ? new WpcloneError(code, message, more) : errorFromReport(parsed.data.error, more);
  }
  return unreachable(`What is at ${nameOf(address)} answered ${status}, and not as an agent of wpclone does.`);
}

/** An answer that is not understood is no agent's, or a much newer one's. */
function understood<T>(address: AgentAddress, text: string, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw new WpcloneError(
    'AGENT_UNREACHABLE',
    `What is at ${nameOf(address)} answered in a way that this version of wpclone does not understand.`,
    { cause: parsed.error },
  );
}
