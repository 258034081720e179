import type { CoreV1Event, V1Pod } from '@kubernetes/client-node';
import type { ReportingContext, WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import type { Identity } from '../api/objects.ts';
import type { Cluster } from '../api/client.ts';
import { type Cause, describeProgress, findCause, hasStarted, isReady } from './diagnose.ts';
import { lastLogLines } from '../unit/logs.ts';
import { type Change, watchObjects } from '../api/watch.ts';

/** Milliseconds between two looks at a pod that does not change: some causes only show by time passing. */
const LOOK_AGAIN = 1000;
/** Milliseconds between two questions to an instance that has started; the longer it takes, the less often it is asked. */
const FIRST_ASK = 50;
const LAST_ASK = 1000;

/** Asks the instance itself whether it is ready. Never throws: no answer is none. */
export type Ask = (pod: V1Pod, signal: AbortSignal) => Promise<boolean>;

/**
 * Waits for a pod to become ready by watching it and its events, and tells meanwhile what the cluster is doing. From the
 * moment its containers run the instance is asked too: the kubelet does so only once a second, and then has to pass it on.
 * Throws the cause as soon as waiting longer cannot help, PROVISION_TIMED_OUT after `limit` milliseconds.
 */
export async function waitUntilReady(
  cluster: Cluster,
  target: Identity,
  ask: Ask,
  limit: number,
  context: ReportingContext,
): Promise<V1Pod> {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const work = { ...context, signal };
  const events: CoreV1Event[] = [];
  const started = context.now();
  let latest: V1Pod | undefined;
  let said = '';

  async function judge(): Promise<V1Pod | undefined> {
    if (latest === undefined) return undefined;
    if (isReady(latest)) return latest;
    const cause = findCause(latest, events, context.now() + cluster.clockOffset());
    if (cause !== undefined) throw await explain(cluster, target, cause, context);
    const message = describeProgress(latest, events.at(-1));
    if (message !== said) context.progress?.({}, message);
    said = message;
    if (context.now() - started < limit) return undefined;
    const seconds = Math.round(limit / 1000);
    const details = { name: target.name };
    throw new WpcloneError('PROVISION_TIMED_OUT', `The pod was not ready after ${seconds} s: ${message}.`, { details });
  }

  const follow = async (): Promise<V1Pod> => {
    const made: V1Pod = { metadata: { name: target.name, uid: target.uid } };
    for await (const change of watchObjects(cluster, 'pods', selectPod(target), work, [made])) {
      latest = seen(change, target);
      const ready = await judge();
      if (ready !== undefined) return ready;
    }
    throw new WpcloneError('CANCELLED', 'Cancelled.');
  };
  const tick = async (): Promise<V1Pod> => {
    for (;;) {
      await context.sleep(LOOK_AGAIN, signal);
      const ready = await judge();
      if (ready !== undefined) return ready;
    }
  };
  const inquire = async (): Promise<V1Pod> => {
    let wait = FIRST_ASK;
    for (;;) {
      await context.sleep(wait, signal);
      if (latest === undefined || !hasStarted(latest)) continue;
      if (await ask(latest, signal)) return latest;
      wait = Math.min(wait * 1.2, LAST_ASK);
    }
  };
  // Events only explain: whoever may not read them still gets the clone.
  const listen = async (): Promise<void> => {
    const selection = { fieldSelector: `involvedObject.uid=${target.uid}` };
    for await (const change of watchObjects(cluster, 'events', selection, work)) events.push(change.object);
  };

  const tasks = [follow(), tick(), inquire()];
  const listening = listen().catch((error: unknown) => {
    if (!signal.aborted) context.log.debug('no events', { error: String(error) });
  });
  try {
    return await Promise.race(tasks);
  } finally {
    stop.abort();
    await Promise.allSettled([...tasks, listening]);
  }
}

const selectPod = (target: Identity) => ({ fieldSelector: `metadata.name=${target.name}` });

function seen(change: Change<V1Pod>, target: Identity): V1Pod {
  if (change.type !== 'DELETED' && change.object.metadata?.uid === target.uid) return change.object;
  const message = `The pod ${target.name} was deleted while it was being started.`;
  throw new WpcloneError('INSTANCE_LOST', message);
}

/** The error for a cause, with the container's last words. */
async function explain(cluster: Cluster, target: Identity, cause: Cause, context: WorkContext): Promise<WpcloneError> {
  const { code, container } = cause;
  const lines = container === undefined ? '' : await lastLogLines(cluster, target.name, container, context);
  const message = lines === '' ? cause.message : `${cause.message}:\n${lines}`;
  return new WpcloneError(code, message, { details: { name: target.name, container: container ?? '' } });
}
