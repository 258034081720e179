import type { Exposure } from '../../runtime/types.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { isLoopback } from '../../shared/loopback.ts';
import type { CloneReport } from '../clone-report.ts';

/**
 * How a clone of an agent is reached from here. `forward` opens a way into the cluster of an agent on this machine; with any other agent
 * an address that only its own machine has is no use: CLONE_ELSEWHERE.
 */
export async function exposeFrom(
  { clone_id: name, clone_url: url, runtime }: Pick<CloneReport, 'clone_id' | 'clone_url' | 'runtime'>,
  forward: (() => Promise<Exposure>) | undefined,
): Promise<Exposure> {
  const { hostname, port } = new URL(url);
  if (!isLoopback(hostname)) return { how: 'by-itself', url };
  if (forward !== undefined) return runtime === 'local' ? { how: 'by-itself', url } : forward();
  throw new WpcloneError('CLONE_ELSEWHERE', `${name} is at ${url} on the machine of its agent, which is another one.`, {
    details: { name, port },
  });
}
