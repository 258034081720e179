import { Agent } from 'undici';
import { type ErrorDetails, WpcloneError } from '../shared/errors.ts';
import { connectorWithin, type Reach } from './reach.ts';

/** Milliseconds, as undici's options. */
export const TIMEOUTS = {
  connect: { timeout: 15_000 },
  agent: { headersTimeout: 90_000, bodyTimeout: 90_000, keepAliveTimeout: 10_000 },
} as const;

/** As much of headers as browsers take: a list of what a page loads, or of whom it trusts, may be longer than Node.js's 16 KB. */
export const MOST_HEADER_BYTES = 256 * 1024;

/** Connections to one site, kept alive between requests. Close it when done. */
export function openAgent(insecureTls: boolean, reach?: Reach): Agent {
  const connect = { ...TIMEOUTS.connect, rejectUnauthorized: !insecureTls };
  return new Agent({
    ...TIMEOUTS.agent,
    maxHeaderSize: MOST_HEADER_BYTES,
    connect: reach === undefined ? connect : connectorWithin(reach, connect),
  });
}

/**
 * The body as text, at most `limit` bytes of it: a site decides what it sends, not how much of it we keep. Its chunks come through
 * `watch`, which may end it.
 */
export async function readText(
  body: AsyncIterable<Buffer> & { destroy(): unknown },
  limit: number,
  watch = (chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> => chunks,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of watch(body)) {
    // The body may only have lent it.
    chunks.push(Buffer.from(chunk));
    size += chunk.length;
    if (size >= limit) {
      body.destroy();
      break;
    }
  }
  return Buffer.concat(chunks).subarray(0, limit).toString('utf8');
}

const PLAIN_WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no such host',
  EAI_AGAIN: 'its name cannot be resolved at the moment',
  ECONNREFUSED: 'nothing listens there',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'it did not answer in time',
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer in time',
  UND_ERR_HEADERS_TIMEOUT: 'it did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'it stopped in the middle of an answer',
  ECONNRESET: 'it closed the connection',
  EPIPE: 'it closed the connection',
  UND_ERR_SOCKET: 'it closed the connection',
};

/** Somebody is there, and does not talk in this way: as a host without https on that port, or a web server that is no TLS server. */
const TURNED_AWAY = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

const TLS_CODE = /^(ERR_TLS|ERR_SSL|CERT_|CRL_|EPROTO|HOSTNAME_MISMATCH|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)|_CERT/;
/** The other side does not speak TLS at all, as a plain HTTP server on that port. */
const NOT_TLS = /wrong.version.number|packet.length.too.long|http.request/i;

/** What a request failed with, as UNREACHABLE or TLS_FAILED in plain words. An abort, and what is coded already, is returned as it is. */
export function networkFailure(error: unknown, url: URL): unknown {
  if (!(error instanceof Error) || error instanceof WpcloneError || error.name === 'AbortError') return error;
  const { code, text } = causeOf(error);
  if (TLS_CODE.test(code)) {
    const notTls = NOT_TLS.test(text);
    const message = notTls
      ? `${url.host} does not speak https on that port.`
      : `The certificate of ${url.host} cannot be verified: ${text}.`;
    const details: ErrorDetails = { host: url.host, notTls, [notTls ? 'plainHost' : 'certificateOf']: url.host };
    return new WpcloneError('TLS_FAILED', message, { cause: error, details });
  }
  // undici's parser names itself and gives no code: a mail or database server, for example, that speaks first.
  const why = error.name === 'HTTPParserError' ? 'what answers there is not a web server' : PLAIN_WORDS[code];
  if (why === undefined) return error;
  return new WpcloneError('UNREACHABLE', `${url.host} cannot be reached: ${why}.`, {
    cause: error,
    details: { host: url.host, ...(TURNED_AWAY.has(code) ? { turnedAway: true } : {}) },
    retryable: true,
  });
}

function causeOf(error: Error): { code: string; text: string } {
  const errors: unknown[] = error instanceof AggregateError ? [error, ...error.errors] : [error];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) errors.push(cause);
  for (const each of errors) {
    if (each instanceof Error && 'code' in each && typeof each.code === 'string') {
      return { code: each.code, text: each.message.replace(/;.*|\.$/s, '') };
    }
  }
  return { code: '', text: error.message };
}
