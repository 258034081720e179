import type { Exposure } from '../../runtime/types.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { isLoopback } from '../../shared/loopback.ts';
import type { CloneReport } from '../types.ts';

/** Whether a clone of an agent can be reached from here. Throws CLONE_ELSEWHERE for an address that only its own machine has. */
export function exposeFrom({ clone_id: name, clone_url: url }: CloneReport, sameMachine: boolean): Exposure {
  const { hostname, port } = new URL(url);
  if (sameMachine || !isLoopback(hostname)) return { how: 'by-itself', url };
  throw new WpcloneError('CLONE_ELSEWHERE', `${name} is at ${url} on the machine of its agent, which is another one.`, {
    details: { name, port },
  });
}
