import type { V1Pod } from '@kubernetes/client-node';
import type { WorkContext } from '../../../shared/context.ts';
import { WpcloneError } from '../../../shared/errors.ts';
import { getObject, pathOf } from '../api/objects.ts';
import type { Cluster, ClusterCall } from '../api/client.ts';
import { isGone, statusOf } from '../api/errors.ts';
import { CLONE_LABEL, EPOCH, JOB, SINCE, STATE_LABEL, TRANSITION } from './names.ts';
import { withRetry } from '../api/retry.ts';
import { mayFollow, type UnitState } from '../../unit-states.ts';

/** What a unit was when it was last seen; a transition only happens from exactly here. */
export interface UnitVersion {
  readonly name: string;
  readonly uid: string;
  readonly state: UnitState;
  readonly epoch: number;
}

export interface Transition {
  readonly to: UnitState;
  /** A new claim or a release: whoever acted for the old one is fenced off. */
  readonly newEpoch?: boolean;
  /** Who has the lease from now on; null: nobody. */
  readonly job?: string | null;
  /** Which clone it holds from now on; null: none, of a unit that holds one. */
  readonly clone?: string | null;
  /** What else of it must be as it was seen: annotations. */
  readonly still?: Readonly<Record<string, string>>;
  /** Annotations that it has and that go. */
  readonly without?: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
}

export type CasContext = Pick<WorkContext, 'signal' | 'sleep' | 'now' | 'randomBytes'>;

/**
 * Compare-and-swap on a pod: a JSON Patch (RFC 6902) with `test` on uid, state and epoch, which the API server applies to
 * the object as it is at that moment. Returns the pod as written.
 * Throws CLUSTER_CONFLICT when somebody else was first, INSTANCE_LOST when the pod is gone or about to go.
 */
export async function transition(
  cluster: Cluster,
  from: UnitVersion,
  change: Transition,
  context: CasContext,
): Promise<V1Pod> {
  if (from.state !== change.to && !mayFollow(from.state, change.to)) {
    throw new WpcloneError('CLUSTER_CONFLICT', `${from.name} cannot go from ${from.state} to ${change.to}.`);
  }
  const mark = context.randomBytes(9).toString('base64url');
  const call: ClusterCall = {
    method: 'PATCH',
    path: pathOf(cluster, 'pods', from.name),
    body: patchOf(from, change, mark, new Date(context.now() + cluster.clockOffset())),
    contentType: 'application/json-patch+json',
    what: 'patch pods',
    signal: context.signal,
  };
  try {
    const pod = await withRetry(cluster, context, () => cluster.send<V1Pod>(call));
    // The API server changes also what somebody has deleted, as long as its node has not taken it down.
    if (pod.metadata?.deletionTimestamp !== undefined) throw lost(from);
    return pod;
  } catch (error) {
    if (isGone(error)) throw lost(from);
    if (statusOf(error) !== 422) throw error;
    // An earlier try may have been written and only its answer lost: then the pod carries this transition's mark.
    const pod = await getObject(cluster, 'pods', from.name, context);
    if (pod?.metadata?.annotations?.[TRANSITION] === mark) return pod;
    if (pod?.metadata?.uid !== from.uid) throw lost(from);
    const now = `${pod.metadata.labels?.[STATE_LABEL]}, epoch ${pod.metadata.annotations?.[EPOCH]}`;
    const expected = `${from.state}, epoch ${from.epoch}`;
    throw new WpcloneError('CLUSTER_CONFLICT', `${from.name} is no longer ${expected} but ${now}.`);
  }
}

const lost = (unit: UnitVersion) => new WpcloneError('INSTANCE_LOST', `The pod ${unit.name} is gone.`);

type Operation =
  | { readonly op: 'test' | 'add'; readonly path: string; readonly value: string }
  | { readonly op: 'remove'; readonly path: string };

function patchOf(from: UnitVersion, change: Transition, mark: string, now: Date): readonly Operation[] {
  const label = (key: string) => `/metadata/labels/${escaped(key)}`;
  const annotation = (key: string) => `/metadata/annotations/${escaped(key)}`;
  const epoch = change.newEpoch === true ? from.epoch + 1 : from.epoch;
  const annotations = {
    ...change.annotations,
    [EPOCH]: String(epoch),
    [TRANSITION]: mark,
    ...(change.job === undefined ? {} : { [JOB]: change.job ?? '' }),
    ...(change.to === from.state ? {} : { [SINCE]: now.toISOString() }),
  };
  return [
    { op: 'test', path: '/metadata/uid', value: from.uid },
    { op: 'test', path: label(STATE_LABEL), value: from.state },
    { op: 'test', path: annotation(EPOCH), value: String(from.epoch) },
    ...Object.entries(change.still ?? {}).map(([key, value]): Operation => ({
      op: 'test',
      path: annotation(key),
      value,
    })),
    { op: 'add', path: label(STATE_LABEL), value: change.to },
    ...cloneOperations(label(CLONE_LABEL), change.clone),
    ...(change.without ?? []).map((key): Operation => ({ op: 'remove', path: annotation(key) })),
    // `add` replaces what is there (RFC 6902 section 4.1).
    ...Object.entries(annotations).map(([key, value]): Operation => ({ op: 'add', path: annotation(key), value })),
  ];
}

function cloneOperations(path: string, clone: Transition['clone']): readonly Operation[] {
  if (clone === undefined) return [];
  return [clone === null ? { op: 'remove', path } : { op: 'add', path, value: clone }];
}

/** JSON Pointer (RFC 6901 section 3). */
const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
