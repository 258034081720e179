import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyInstance } from 'fastify';
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod';
import type { WorkContext } from '../../shared/context.ts';
import { ERRORS } from '../../shared/error-codes.ts';
import { reportOf, toWpcloneError, WpcloneError } from '../../shared/errors.ts';
import { NOT_JSON } from './read-bodies.ts';
import type { AgentDeps } from './types.ts';

/** Turns whatever a route throws into the one shape of errors. What a person sent is never repeated: it may be a password. */
export function renderErrors(app: FastifyInstance, { work }: Pick<AgentDeps, 'work'>): void {
  app.setErrorHandler<FastifyError>(async (thrown, request, reply) => {
    const error = fromRequest(thrown);
    if (error.code === 'BODY_TOO_LARGE') await letFinish(request.raw, work);
    if (error.code === 'INTERNAL') {
      work.log.warn('a request failed', { route: request.routeOptions.url ?? '', error: error.message });
    }
    if (error.retryAfter !== undefined) void reply.header('retry-after', String(Math.ceil(error.retryAfter)));
    const { job } = error.details;
    const about = typeof job === 'string' ? { job_id: job } : {};
    return reply.code(statusOf(error)).send({ error: reportOf(error), ...about });
  });
  app.setNotFoundHandler((_request, reply) => {
    const error = new WpcloneError('NO_SUCH_CALL', 'The agent has no such call.');
    return reply.code(404).send({ error: reportOf(error) });
  });
}

/** For requests whose address is no address, or has a part that is too long: they are answered before a call is looked for. */
export function refuseUnreadable(_path: string, _request: unknown, response: ServerResponse): void {
  const error = badInput('The address of the request cannot be read.');
  const body = JSON.stringify({ error: reportOf(error) });
  response.writeHead(statusOf(error), { 'content-type': 'application/json; charset=utf-8' }).end(body);
}

/** For what is no HTTP at all, has heads beyond what Node.js takes, or does not arrive in time: there is no request yet to answer to. */
export function refuseUnparsed({ code }: { readonly code?: string }, socket: Socket): void {
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const status = UNPARSED[code ?? ''] ?? 400;
  const body = JSON.stringify({ error: reportOf(badInput('What was sent cannot be read as a request of HTTP.')) });
  const head = `content-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n\r\n${body}`);
}

/** By Node.js's codes; whatever else is 400 (RFC 9110, section 15.5). */
const UNPARSED: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

/** Milliseconds, and bytes, for which a body that is too large may go on. */
const PATIENCE = 2_000;
const MOST = 8 * 2 ** 20;

/**
 * Reads on, and keeps nothing of it: whoever sends all before they read would be cut off by an answer in the middle, and not hear it (RFC 9112,
 * section 9.6).
 */
async function letFinish(request: IncomingMessage, { sleep }: Pick<WorkContext, 'sleep'>): Promise<void> {
  if (request.readableEnded || request.destroyed) return;
  const over = new AbortController();
  let bytes = 0;
  const end = (): void => over.abort();
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MOST) end();
  });
  request.once('end', end).once('close', end).resume();
  await sleep(PATIENCE, over.signal).catch(() => undefined);
}

function fromRequest(thrown: FastifyError): WpcloneError {
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const words = thrown.validation.map(({ instancePath, message }) => `${field(instancePath)}: ${message ?? 'wrong'}`);
    return badInput(`The request is not as it should be. ${words.join('; ')}.`);
  }
  if (isResponseSerializationError(thrown)) {
    return new WpcloneError('INTERNAL', `The answer of ${thrown.method} ${thrown.url} is not as it was promised.`);
  }
  if (thrown.code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new WpcloneError('BODY_TOO_LARGE', 'The body of the request is too large.');
  }
  // Of the framework itself: no JSON, a wrong content type.
  if (typeof thrown.statusCode === 'number' && thrown.statusCode < 500 && !(thrown instanceof WpcloneError)) {
    return badInput(NOT_JSON);
  }
  const error = toWpcloneError(thrown);
  return error.code === 'BAD_INPUT' && error.details['job'] === undefined ? badInput(error.message) : error;
}

/** Whoever calls over HTTP has no --help. */
const badInput = (message: string): WpcloneError =>
  new WpcloneError('BAD_INPUT', message, {
    nextSteps: ['What each call takes is in /openapi.json; docs/API.md explains it.'],
  });

const field = (path: string): string => path.replace(/^\//, '').replaceAll('/', '.') || 'body';

/** 401 says that the agent's token is wrong, and nothing else: a site or a cluster that refuses a log-in is another's 401. */
const statusOf = ({ code }: WpcloneError): number =>
  ERRORS[code].http === 401 && code !== 'UNAUTHORIZED' ? 422 : ERRORS[code].http;
