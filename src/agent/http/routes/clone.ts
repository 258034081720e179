import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { nameTaken } from '../../../shared/clone-errors.ts';
import type { Caller } from '../../access/token.ts';
import { ownsClone } from '../../jobs/clone-owners.ts';
import { acceptedAnswer, cloneV1Answer, failures } from '../answers.ts';
import { asyncQuery, type CloneBody, cloneBody } from '../bodies.ts';
import { cloneJob, cloneRequest, confidentialOf, requireScopeFor, secretsOf } from '../clone-job.ts';
import { abortOf, workOf, traceparentOf } from '../calls.ts';
import { acceptedAs, submit, type Taken } from '../submit.ts';
import type { AgentDeps } from '../types.ts';
import { deprecated, endedInTime } from './v1.ts';

/** `POST /api/v2/clone`, and v1's `POST /clone`, which waits for the end unless it is asked not to. */
export function cloneRoutes(app: FastifyInstance, deps: AgentDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();

  routes.post(
    '/api/v2/clone',
    {
      schema: {
        tags: ['clones'],
        summary: 'Make a clone: takes the job and answers at once',
        body: cloneBody,
        response: { 202: acceptedAnswer, ...failures },
      },
    },
    async (request, reply) => {
      return acceptedAs(reply, await enqueue(deps, request, request.body));
    },
  );

  routes.post(
    '/clone',
    {
      schema: {
        tags: ['v1'],
        deprecated: true,
        summary: 'Make a clone and wait for it, up to 55 seconds; then, or with async=true, it answers as v2 does',
        body: cloneBody,
        querystring: asyncQuery,
        response: { 200: cloneV1Answer, 202: acceptedAnswer, ...failures },
      },
    },
    async (request, reply) => {
      void reply.headers(deprecated('/api/v2/clone'));
      const { job, replayed } = await enqueue(deps, request, request.body);
      const ended = await endedInTime(deps, job, request.query.async === 'true', abortOf(reply));
      if (ended.state !== 'completed') return acceptedAs(reply, { job: ended, replayed });
      const secrets = await deps.store.resultSecrets(ended.id);
      return reply.code(200).send({ success: true, ...ended.result, ...secrets });
    },
  );
}

async function enqueue(deps: AgentDeps, request: FastifyRequest, body: CloneBody): Promise<Taken> {
  const { caller } = request;
  const wanted = cloneRequest(body);
  requireScopeFor(caller, wanted);
  const source = { store: deps.store, now: deps.work.now };
  const said = { request: wanted, secrets: secretsOf(body), confidential: confidentialOf(body) };
  const job = await cloneJob(source, caller, said, traceparentOf(request));
  return submit(deps, request, job, () => refuseTakenName(deps, caller, body));
}

/** A name that a clone bears is told of at once, not by a job; only one's own clone can be replaced. Throws NAME_TAKEN. */
async function refuseTakenName(
  deps: AgentDeps,
  { customer }: Caller,
  { customer_id: name, replace }: CloneBody,
): Promise<void> {
  if (name === undefined) return;
  const clones = await deps.operations.list(workOf(deps, new AbortController().signal));
  const present = clones.find(({ clone_id: id, status }) => id === name && status !== 'expired');
  if (present === undefined) return;
  if (replace !== true || !(await ownsClone(deps.store, customer, present))) throw nameTaken(name);
}
