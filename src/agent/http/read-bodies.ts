import type { FastifyInstance } from 'fastify';
import { WpcloneError } from '../../shared/errors.ts';

/**
 * Bodies are JSON. An empty one is none, whatever the headers call it: many clients name a type with every POST. Calls that take fields are
 * then told which ones they lack.
 */
export function readBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('text/plain');
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.trim() === '') done(null);
    else void parse(request, body, done);
  });
  app.addContentTypeParser<string>('*', { parseAs: 'string' }, (_request, body, done) => {
    done(body === '' ? null : new WpcloneError('BAD_INPUT', NOT_CALLED_JSON));
  });
  app.addHook('preValidation', async (request) => {
    if (request.routeOptions.schema?.body !== undefined) request.body ??= {};
  });
}

/** It may be a password: what was sent is not repeated. */
export const NOT_JSON = 'The body of the request cannot be read as JSON.';
/** curl calls a body a form, unless it is told otherwise. */
const NOT_CALLED_JSON =
  'The body of the request cannot be read as JSON: it is not called so (content-type: application/json).';
