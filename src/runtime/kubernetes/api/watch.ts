import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import type { WorkContext } from '../../../shared/context.ts';
import { toWpcloneError, WpcloneError } from '../../../shared/errors.ts';
import { linesOf } from '../../../shared/lines.ts';
import { createWatchdog } from '../../../shared/watchdog.ts';
import { listObjects, pathOf } from './objects.ts';
import type { Cluster } from './client.ts';
import { apiError, parseStatus } from './errors.ts';
import { withRetry } from './retry.ts';

interface Watched {
  readonly pods: V1Pod;
  readonly events: CoreV1Event;
}

/** What happened to an object, and the object after it (before it, for DELETED). */
export interface Change<T> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: T;
}

/** Seconds after which the server ends a watch, which is then taken up where it was. */
const WATCH_SECONDS = 10;
/** Milliseconds after which a watch that the server should have ended is taken for dead. */
const SILENCE_LIMIT = (WATCH_SECONDS + 3) * 1000;

type Context = Pick<WorkContext, 'signal' | 'sleep' | 'now'>;

/**
 * Everything that happens to the selected objects, from their present state on, until the signal aborts. A cut connection is
 * taken up at the last version seen; when that is too old for the server (410) all is listed again, and what is missing then
 * is reported as deleted. So is what the caller knows to have been there `before` and the first list does not have. Throws what
 * the API server refuses for good, and CLUSTER_UNREACHABLE when it cannot be listed; a watch of one that goes away is taken up for as long as
 * the caller likes.
 */
export async function* watchObjects<K extends keyof Watched>(
  cluster: Cluster,
  kind: K,
  selection: Readonly<Record<string, string>>,
  context: Context,
  before: readonly Watched[K][] = [],
): AsyncGenerator<Change<Watched[K]>> {
  const known = new Map(before.map((object) => [object.metadata?.uid ?? '', object]));
  for (;;) {
    const list = await listObjects(cluster, kind, selection, context);
    const present = new Set(list.items.map((item) => item.metadata?.uid));
    for (const [uid, object] of known) {
      if (present.has(uid)) continue;
      known.delete(uid);
      yield { type: 'DELETED', object };
    }
    for (const object of list.items) {
      known.set(object.metadata?.uid ?? '', object);
      yield { type: 'ADDED', object };
    }
    let version: string | undefined = list.metadata.resourceVersion;
    while (version !== undefined) {
      context.signal.throwIfAborted();
      version = yield* follow(cluster, kind, selection, version, known, context);
    }
  }
}

/** One connection. Returns the version to go on from, or undefined when all must be listed again. */
async function* follow<K extends keyof Watched>(
  cluster: Cluster,
  kind: K,
  selection: Readonly<Record<string, string>>,
  from: string,
  known: Map<string, Watched[K]>,
  context: Context,
): AsyncGenerator<Change<Watched[K]>, string | undefined> {
  let version = from;
  const silence = new AbortController();
  const signal = AbortSignal.any([context.signal, silence.signal]);
  const watchdog = createWatchdog(SILENCE_LIMIT, context, () => {
    cluster.renew();
    silence.abort(new WpcloneError('CLUSTER_UNREACHABLE', 'silent watch'));
  });
  try {
    const query = { ...selection, watch: 'true', resourceVersion: version, timeoutSeconds: String(WATCH_SECONDS) };
    const body = await withRetry(cluster, context, () => openWatch(cluster, kind, query, signal));
    for await (const line of linesOf(body)) {
      if (line === '') continue;
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the API server keeps to its schema
      const change = JSON.parse(line) as Change<Watched[K]> | { readonly type: 'ERROR' };
      if (change.type === 'ERROR') return undefined;
      const { uid, resourceVersion } = change.object.metadata ?? {};
      version = resourceVersion ?? version;
      if (change.type === 'DELETED') known.delete(uid ?? '');
      else known.set(uid ?? '', change.object);
      yield change;
    }
  } catch (error) {
    context.signal.throwIfAborted();
    const cut = toWpcloneError(error);
    if (cut.details['status'] === 410) return undefined;
    // A line that was cut in two, a reset connection: the next one goes on from the last whole event.
    if (cut.code !== 'INTERNAL' && cut.code !== 'CLUSTER_UNREACHABLE' && cut.code !== 'CANCELLED') throw cut;
    await context.sleep(100, context.signal);
  } finally {
    watchdog.stop();
    // Ends the request when the consumer has seen enough.
    silence.abort();
  }
  return version;
}

async function openWatch(cluster: Cluster, kind: keyof Watched, query: Record<string, string>, signal: AbortSignal) {
  const what = `watch ${kind}`;
  const path = pathOf(cluster, kind, undefined, query);
  const answer = await cluster.open({ method: 'GET', path, what, endless: true, signal });
  answer.body.on('error', () => undefined);
  if (answer.status === 200) return answer.body;
  const said = await cluster.read(answer, { what, signal });
  throw apiError(answer.status, parseStatus(said), { what, namespace: cluster.namespace });
}
