import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { POOL_ACTIONS, type PoolAction, type PoolReport } from '../../../operations/pool.ts';
import type { Caller } from '../../access/token.ts';
import { requireOperator, requireScope } from '../access.ts';
import { failures, poolAnswer } from '../answers.ts';
import { poolBody } from '../bodies.ts';
import { abortOf, workOf } from '../calls.ts';
import type { AgentDeps } from '../types.ts';

const SUMMARIES: Readonly<Record<PoolAction, string>> = {
  pause: 'Make no more units ahead. Needs the scope admin',
  resume: 'Make units ahead again. Needs the scope admin',
  drain: 'Remove every unit that holds no clone, and make no more. Needs the scope admin',
  reset: 'Replace every unit that neither holds a clone nor is worked on. Needs the scope admin',
};

/** The units that wait for clones. */
export function poolRoutes(app: FastifyInstance, deps: AgentDeps): void {
  const routes = app.withTypeProvider<ZodTypeProvider>();
  const { pool } = deps.operations;
  const tags = ['pool'];
  const response = { 200: poolAnswer, ...failures };

  routes.get(
    '/api/v2/pool',
    { schema: { tags, summary: 'The units that wait for clones, and why there are as many', response } },
    async ({ caller }, reply) => {
      requireScope(caller, 'read');
      return seenBy(caller, await pool.status(workOf(deps, abortOf(reply))));
    },
  );
  routes.put(
    '/api/v2/pool',
    { schema: { tags, summary: 'How many units are kept. Needs the scope admin', body: poolBody, response } },
    async ({ caller, body }, reply) => {
      requireOperator(caller);
      return seenBy(caller, await pool.set(body, workOf(deps, abortOf(reply))));
    },
  );
  for (const action of POOL_ACTIONS) {
    routes.post(
      `/api/v2/pool/${action}`,
      { schema: { tags, summary: SUMMARIES[action], response } },
      async ({ caller }, reply) => {
        requireOperator(caller);
        return seenBy(caller, await pool.act(action, workOf(deps, abortOf(reply))));
      },
    );
  }
}

/** What others' clones are called, and when they were begun and ended, is nobody else's business: a customer sees what is ready. */
function seenBy({ customer }: Caller, report: PoolReport): PoolReport {
  return customer === null ? report : { ...report, units: [], events: [] };
}
