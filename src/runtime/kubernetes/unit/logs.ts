import type { WorkContext } from '../../../shared/context.ts';
import { linesOf } from '../../../shared/lines.ts';
import { pathOf } from '../api/objects.ts';
import type { Cluster, ClusterAnswer } from '../api/client.ts';
import { apiError, parseStatus } from '../api/errors.ts';
import { withRetry, type Waiting } from '../api/retry.ts';
import type { Unit } from './unit.ts';
import { requireNode, whetherLost } from './whether-lost.ts';

const CONTAINERS = ['web', 'database', 'sidecar'] as const;
const WHAT = 'get pods/log';

/** The last lines of a container that has crashed, of the run before this one if there was one; '' when they cannot be had. */
export async function lastLogLines(
  cluster: Cluster,
  pod: string,
  container: string,
  context: Pick<WorkContext, 'signal'>,
): Promise<string> {
  for (const previous of ['true', 'false']) {
    try {
      const query = { container, tailLines: '12', previous };
      const answer = await openLog(cluster, pod, query, context.signal);
      const text = (await cluster.read(answer, { what: WHAT, signal: context.signal })).trim();
      if (text !== '') return text;
    } catch {
      context.signal.throwIfAborted();
    }
  }
  return '';
}

/** Lines of all containers as they come, each with its container's name before it. Throws INSTANCE_LOST. */
export async function* streamLogs(
  cluster: Cluster,
  unit: Unit,
  options: { readonly follow: boolean },
  context: Waiting,
): AsyncGenerator<string> {
  requireNode(unit);
  if (!options.follow) {
    for (const container of CONTAINERS) yield* containerLines(cluster, unit, container, options, context);
    return;
  }
  const controller = new AbortController();
  const signal = AbortSignal.any([context.signal, controller.signal]);
  try {
    const work = { ...context, signal };
    yield* merge(CONTAINERS.map((container) => containerLines(cluster, unit, container, options, work)));
  } finally {
    controller.abort();
  }
}

async function* containerLines(
  cluster: Cluster,
  { name, uid, cloneId }: Unit,
  container: string,
  { follow }: { readonly follow: boolean },
  context: Waiting,
): AsyncGenerator<string> {
  const query = { container, follow: String(follow), tailLines: '2000' };
  const asked = { pod: name, uid, name: cloneId ?? name };
  const { body } = await withRetry(cluster, context, () =>
    openLog(cluster, name, query, context.signal, follow).catch(async (error: unknown) => {
      context.signal.throwIfAborted();
      throw await whetherLost(cluster, asked, error, context.signal);
    }),
  );
  for await (const line of linesOf(body)) yield `${container}: ${line}`;
}

/** A log that is followed says nothing for as long as its container does. */
async function openLog(
  cluster: Cluster,
  pod: string,
  query: Record<string, string>,
  signal: AbortSignal,
  endless = false,
): Promise<ClusterAnswer> {
  const path = `${pathOf(cluster, 'pods', pod)}/log?${new URLSearchParams(query).toString()}`;
  const answer = await cluster.open({ method: 'GET', path, what: WHAT, endless, signal });
  answer.body.on('error', () => undefined);
  if (answer.status === 200) return answer;
  const said = await cluster.read(answer, { what: WHAT, signal });
  throw apiError(answer.status, parseStatus(said), { what: WHAT, namespace: cluster.namespace });
}

/** Takes from whichever has something first. */
async function* merge(sources: readonly AsyncGenerator<string>[]): AsyncGenerator<string> {
  type Turn = { source: AsyncGenerator<string>; result: IteratorResult<string> };
  const next = async (source: AsyncGenerator<string>): Promise<Turn> => ({ source, result: await source.next() });
  const turns = new Map(sources.map((source) => [source, next(source)]));
  while (turns.size > 0) {
    const { source, result } = await Promise.race(turns.values());
    if (result.done === true) {
      turns.delete(source);
    } else {
      turns.set(source, next(source));
      yield result.value;
    }
  }
}
