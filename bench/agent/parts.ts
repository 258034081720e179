import type { Row } from '../table.ts';
import { beginRows, busyPostRows, postRows, statusRows } from './accepting.ts';
import { claimRows, freshFromPoolRows, refillRows } from './pool.ts';
import { eventRows, idleRows } from './rest.ts';

/** What a caller of an agent waits for, each by itself; a goal that is missed is shown, and fails nothing. */
export const AGENT_PARTS: Readonly<Record<string, () => Promise<Row[]>>> = {
  'agent-post': postRows,
  'agent-post-busy': busyPostRows,
  'agent-status': statusRows,
  'agent-begin': beginRows,
  'agent-claim': claimRows,
  'agent-refill': refillRows,
  'agent-events': eventRows,
  'agent-idle': idleRows,
  // Needs KUBECONFIG; left out without it.
  ...(process.env['KUBECONFIG'] === undefined ? {} : { 'agent-fresh': freshFromPoolRows }),
};
