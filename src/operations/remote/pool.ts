import type { z } from 'zod';
import { poolReportSchema } from '../pool-report.ts';
import type { PoolOperations } from '../pool.ts';
import type { AgentClient, Call } from './http.ts';
import { readLogs } from './logs.ts';

const PATH = '/api/v2/pool';

/** The pool of an agent. */
export function remotePool(client: AgentClient): PoolOperations {
  const asked = (call: Call, signal: AbortSignal): Promise<z.infer<typeof poolReportSchema>> =>
    client.call(call, poolReportSchema, signal);
  return {
    status: ({ signal }) => asked({ method: 'GET', path: PATH }, signal),
    set: (sizes, { signal }) => asked({ method: 'PUT', path: PATH, body: sizes }, signal),
    act: (action, { signal }) => asked({ method: 'POST', path: `${PATH}/${action}` }, signal),
    logs: (unit, options, { signal }) =>
      readLogs(client, `${PATH}/units/${encodeURIComponent(unit)}/logs`, options, signal),
  };
}
