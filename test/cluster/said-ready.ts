import type { V1Pod } from '@kubernetes/client-node';
import type { TestNamespace } from './support.ts';

/**
 * The moment (of performance.now) at which the API server first tells that the pod is ready, by a watch that shares
 * nothing with the code under test but the connection's credentials. The condition itself only has whole seconds.
 */
export async function saidReady({ cluster, name }: TestNamespace, selector: string): Promise<number> {
  const call = { method: 'GET', what: 'watch pods', endless: true, signal: AbortSignal.timeout(60_000) } as const;
  const path = `api/v1/namespaces/${name}/pods?watch=true&${selector}`;
  const { body } = await cluster.open({ ...call, path });
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const { object }: { object: V1Pod } = JSON.parse(line);
      const ready = object.status?.conditions?.find(({ type }) => type === 'Ready');
      if (ready?.status === 'True') return performance.now();
    }
  }
  throw new Error(`Nobody said that the pod is ready.`);
}
