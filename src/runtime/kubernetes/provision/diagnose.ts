import type { CoreV1Event, V1ContainerStatus, V1Pod } from '@kubernetes/client-node';
import type { ErrorCode } from '../../../shared/error-codes.ts';
import { PROVEN_RUNS } from '../unit/names.ts';
import { isNodeAway } from '../unit/node-away.ts';

/** Why a pod will not become ready, in the cluster's own words. */
export interface Cause {
  readonly code: ErrorCode;
  readonly message: string;
  /** The container whose last log lines explain it. */
  readonly container?: string;
}

/** Milliseconds that no node may fit before it is given up; a scale-up that was announced is waited for. */
export const UNSCHEDULABLE_PATIENCE = 10_000;

/** Whether the kubelet says that all containers are ready, and nobody has deleted the pod. */
export const isReady = (pod: V1Pod): boolean =>
  pod.metadata?.deletionTimestamp === undefined && condition(pod, 'Ready')?.status === 'True';

/** Whether it has an address and all its containers run. */
export const hasStarted = ({ status }: V1Pod): boolean =>
  status?.podIP !== undefined && (status.containerStatuses ?? []).every(({ state }) => state?.running !== undefined);

const condition = (pod: V1Pod, type: string) => pod.status?.conditions?.find((each) => each.type === type);

/** What the cluster is doing for the pod right now, for a person who waits. */
export function describeProgress(pod: V1Pod, latest: CoreV1Event | undefined): string {
  const scheduled = condition(pod, 'PodScheduled');
  if (scheduled?.status !== 'True') {
    return scheduled?.message === undefined ? 'scheduling' : `scheduling: ${scheduled.message}`;
  }
  const statuses = pod.status?.containerStatuses ?? [];
  for (const { name, state } of statuses) {
    if (state?.waiting?.reason === 'ContainerCreating' && latest?.reason === 'Pulling') return 'pulling the image';
    if (state?.waiting?.message !== undefined) return `${name}: ${state.waiting.reason} ${state.waiting.message}`;
    if (state?.waiting !== undefined) return latest?.type === 'Warning' ? warningOf(latest) : `starting ${name}`;
    if (state?.terminated !== undefined) return `${name} has ended (${state.terminated.reason}) and is started again`;
  }
  const waiting = statuses.filter((status) => !status.ready).map((status) => status.name);
  return waiting.length === 0 ? 'starting' : `waiting for ${waiting.join(', ')}`;
}

const warningOf = (event: CoreV1Event): string => `${event.reason}: ${event.message}`;

/** A cause for giving up, as soon as waiting longer cannot help; undefined as long as it may. */
export function findCause(pod: V1Pod, events: readonly CoreV1Event[], now: number): Cause | undefined {
  const { status, metadata } = pod;
  if (metadata?.deletionTimestamp !== undefined) {
    return { code: 'INSTANCE_LOST', message: `The pod ${metadata.name} is being deleted.` };
  }
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return ended(pod);
  if (isNodeAway(pod))
    return { code: 'INSTANCE_LOST', message: `The node of the pod ${metadata?.name} does not answer.` };
  const unschedulable = whyUnschedulable(pod, events, now);
  if (unschedulable !== undefined) return unschedulable;
  const age = now - new Date(status?.startTime ?? now).getTime();
  for (const container of status?.containerStatuses ?? []) {
    const cause =
      containerCause(container, restartsWhenProven(pod, container.name)) ?? unpulled(container, events, age);
    if (cause !== undefined) return cause;
  }
  return undefined;
}

function ended(pod: V1Pod): Cause {
  const { reason, message } = pod.status ?? {};
  const why = [reason, message].filter((part) => part !== undefined).join(': ');
  const code = reason?.startsWith('OutOf') === true ? 'UNSCHEDULABLE' : 'INSTANCE_LOST';
  return { code, message: `The pod ${pod.metadata?.name} has ended: ${why === '' ? pod.status?.phase : why}` };
}

function whyUnschedulable(pod: V1Pod, events: readonly CoreV1Event[], now: number): Cause | undefined {
  const scheduled = condition(pod, 'PodScheduled');
  if (scheduled?.status !== 'False' || scheduled.reason !== 'Unschedulable') return undefined;
  // cluster-autoscaler and Karpenter say so when a new node is on its way.
  if (events.some((event) => event.reason === 'TriggeredScaleUp' || event.reason === 'Nominated')) return undefined;
  const since = new Date(scheduled.lastTransitionTime ?? now).getTime();
  if (now - since < UNSCHEDULABLE_PATIENCE) return undefined;
  return {
    code: 'UNSCHEDULABLE',
    message: `No node can take the pod: ${scheduled.message ?? 'the scheduler gives no reason'}`,
  };
}

const NEVER_RUNS = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'];

/** A unit that was used before had its containers ended between two clones. */
function restartsWhenProven({ metadata }: V1Pod, container: string): number {
  const runs = metadata?.annotations?.[PROVEN_RUNS] ?? '';
  const run = runs.split(' ').find((each) => each.startsWith(`${container}:`));
  return Number(run?.split(':')[2] ?? 0);
}

function containerCause(container: V1ContainerStatus, restarts: number): Cause | undefined {
  const { name } = container;
  const { reason = '', message = '' } = container.state?.waiting ?? {};
  if (reason === 'ErrImageNeverPull' || reason === 'InvalidImageName') {
    return { code: 'IMAGE_UNAVAILABLE', message: `${container.image}: ${message}` };
  }
  if (NEVER_RUNS.includes(reason)) {
    return { code: 'CONTAINER_CRASHED', message: `The container ${name} cannot be started: ${reason}: ${message}` };
  }
  const last = container.lastState?.terminated ?? container.state?.terminated;
  if (last !== undefined && (reason === 'CrashLoopBackOff' || container.restartCount - restarts >= 2)) {
    const how = last.reason === 'OOMKilled' ? 'ran out of its memory limit' : `ended with exit code ${last.exitCode}`;
    return { code: 'CONTAINER_CRASHED', message: `The container ${name} ${how} again and again`, container: name };
  }
  return undefined;
}

/** What a registry says that it will say again. */
const PERMANENT = /not found|manifest unknown|unauthorized|denied|forbidden/i;
/** Milliseconds that a registry may be out of reach, and those after which nobody waits any more for the event that says why. */
const PULL_PATIENCE = 20_000;
const EVENT_PATIENCE = 40_000;

/** A pull that failed, for good or for too long; with the reason of the failure, not of the kubelet's waiting. */
function unpulled(container: V1ContainerStatus, events: readonly CoreV1Event[], age: number): Cause | undefined {
  const { reason = '', message = '' } = container.state?.waiting ?? {};
  if (reason !== 'ImagePullBackOff' && reason !== 'ErrImagePull') return undefined;
  const failed = events.findLast((event) => event.reason === 'Failed' && event.message?.includes('pull') === true);
  const said = reason === 'ErrImagePull' ? message : (failed?.message ?? message);
  // The kubelet holds events back when it has many to tell.
  const patience = reason === 'ErrImagePull' || failed !== undefined ? PULL_PATIENCE : EVENT_PATIENCE;
  if (!PERMANENT.test(said) && age < patience) return undefined;
  return { code: 'IMAGE_UNAVAILABLE', message: `${container.image}: ${said}` };
}
