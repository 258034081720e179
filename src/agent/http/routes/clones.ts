import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { ownsClone } from '../../jobs/clone-owners.ts';
import { requireScope } from '../access.ts';
import { cloneAnswer, clonesAnswer, failures, loginLinkAnswer, mailsAnswer } from '../answers.ts';
import { extendBody, idParameter, showQuery } from '../bodies.ts';
import { abortOf, workOf } from '../calls.ts';
import { requireOwnClone } from '../owners.ts';
import type { AgentDeps } from '../types.ts';

/** The clones that there are, and what can be asked of one. */
export function cloneListRoutes(app: FastifyInstance, deps: AgentDeps): void {
  const { operations, store } = deps;
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const tags = ['clones'];

  routes.get(
    '/api/v2/clones',
    { schema: { tags, summary: 'The clones that there are', response: { 200: clonesAnswer, ...failures } } },
    async ({ caller }, reply) => {
      requireScope(caller, 'read');
      const clones = await operations.list(workOf(deps, abortOf(reply)));
      const seen = await Promise.all(clones.map((clone) => ownsClone(store, caller.customer, clone)));
      return { clones: clones.filter((_, index) => seen[index] === true) };
    },
  );
  routes.get(
    '/api/v2/clones/:id',
    {
      schema: {
        tags,
        summary: 'One clone; its password with show_password=true and the scope clone',
        params: idParameter,
        querystring: showQuery,
        response: { 200: cloneAnswer, ...failures },
      },
    },
    async ({ caller, params, query }, reply) => {
      const password = query.show_password === 'true';
      requireScope(caller, password ? 'clone' : 'read');
      await requireOwnClone(deps, caller, params.id);
      return operations.show(params.id, { password }, workOf(deps, abortOf(reply)));
    },
  );
  routes.post(
    '/api/v2/clones/:id/login-link',
    {
      schema: {
        tags,
        summary: 'A fresh log-in link that works once',
        params: idParameter,
        response: { 200: loginLinkAnswer, ...failures },
      },
    },
    async ({ caller, params }, reply) => {
      requireScope(caller, 'clone');
      await requireOwnClone(deps, caller, params.id);
      return operations.loginLink(params.id, workOf(deps, abortOf(reply)));
    },
  );
  routes.post(
    '/api/v2/clones/:id/extend',
    {
      schema: {
        tags,
        summary: 'Change when a clone ends, counted from now',
        params: idParameter,
        body: extendBody,
        response: { 200: cloneAnswer, ...failures },
      },
    },
    async ({ caller, params, body }, reply) => {
      requireScope(caller, 'clone');
      await requireOwnClone(deps, caller, params.id);
      return operations.extend(params.id, Math.round(body.ttl_minutes * 60), workOf(deps, abortOf(reply)));
    },
  );
  routes.get(
    '/api/v2/clones/:id/mail',
    {
      schema: {
        tags,
        summary: 'The mail that a clone tried to send',
        params: idParameter,
        response: { 200: mailsAnswer, ...failures },
      },
    },
    async ({ caller, params }, reply) => {
      // A mail can hold a link that lets people in.
      requireScope(caller, 'clone');
      await requireOwnClone(deps, caller, params.id);
      const messages = await operations.mail(params.id, workOf(deps, abortOf(reply)));
      return {
        messages: messages.map((message) => ({ ...message, to: [...message.to], headers: [...message.headers] })),
      };
    },
  );
}
