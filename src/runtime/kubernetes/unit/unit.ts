import type { V1Pod } from '@kubernetes/client-node';
import { z } from 'zod';
import { findingSchema } from '../../../shared/findings.ts';
import { parseJson } from '../../../shared/json.ts';
import type { CloneFacts } from '../../facts.ts';
import { cloneStateOf, isWorkedOn, UNIT_STATES } from '../../unit-states.ts';
import { heldBackUntil } from './back-off.ts';
import type { UnitVersion } from './cas.ts';
import * as names from './names.ts';
import { isNodeAway } from './node-away.ts';

const factsSchema = z.strictObject({
  url: z.url(),
  source: z.strictObject({ url: z.string(), wordpressVersion: z.string(), phpVersion: z.string() }),
  adminUsername: z.string(),
  createdAt: z.iso.datetime(),
  findings: z.array(findingSchema).optional(),
});
export type UnitFacts = z.infer<typeof factsSchema>;

const stamp = z.iso.datetime().transform((text) => Date.parse(text));
const count = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);

/** Everything that one of our pods says about itself. Times are milliseconds since the epoch by the API server's clock. */
const unitSchema = z.object({
  name: z.string(),
  uid: z.string(),
  labels: z.object({
    [names.MANAGED_BY]: z.literal(names.MANAGER),
    [names.STATE_LABEL]: z.enum(UNIT_STATES),
    [names.CLONE_LABEL]: z
      .string()
      .regex(/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/)
      .optional(),
  }),
  annotations: z.object({
    [names.EPOCH]: count,
    [names.CLAIM]: z.string().min(8).optional(),
    [names.JOB]: z.string().optional(),
    [names.DEADLINE]: stamp.optional(),
    [names.HELD_UNTIL]: stamp.optional(),
    [names.SINCE]: stamp.optional(),
    [names.EXPIRES_AT]: stamp.optional(),
    [names.REPLACES]: z.string().optional(),
    [names.REVISION]: z.string().optional(),
    [names.PHP]: z.string().optional(),
    [names.USES]: count.optional(),
    [names.PROVEN_AT]: stamp.optional(),
    [names.PROVEN_RUNS]: z.string().optional(),
    [names.GOLDEN]: z.string().optional(),
    [names.FACTS]: z.string().transform(parseJson).pipe(factsSchema).optional(),
  }),
});

/**
 * One of our pods, as its labels and annotations describe it. Times are milliseconds since the epoch, by the API
 * server's clock.
 */
export interface Unit extends UnitVersion {
  /** Of the object, as it was seen. */
  readonly resourceVersion: string;
  readonly cloneId: string | undefined;
  readonly claim: string | undefined;
  /** The uid of the pod whose clone's name it took over. */
  readonly replaces: string | undefined;
  /** Who has the lease, as far as somebody has; undefined for those of 0.1.0. */
  readonly jobId: string | undefined;
  readonly deadline: number | undefined;
  /** Until then a job reads the clone in it. */
  readonly heldUntil: number | undefined;
  readonly createdAt: number;
  readonly since: number;
  readonly expiresAt: number | undefined;
  readonly facts: UnitFacts | undefined;
  /** What it was made from; empty for those of 0.1.0. */
  readonly revision: string;
  readonly image: string | undefined;
  readonly phpVersion: string | undefined;
  readonly uses: number;
  readonly provenAt: number | undefined;
  /** Which runs of its containers there are, and which there were when it was proven. */
  readonly runs: string;
  readonly provenRuns: string | undefined;
  /** Of what it was like when it was first ready; undefined: it is used once. */
  readonly golden: string | undefined;
  /** Until then its containers are not ended to use it once more. */
  readonly heldBackUntil: number | undefined;
  readonly podIp: string | undefined;
  /** The kubelet says that all containers are ready. */
  readonly ready: boolean;
  /** No node has room for it. */
  readonly unschedulable: boolean;
  /** Somebody has deleted the pod, and its node is about to take it down. */
  readonly deleting: boolean;
  /** Its node does not answer the cluster. */
  readonly nodeAway: boolean;
  /** Its containers have ended for good (evicted, node shut down). */
  readonly ended: boolean;
}

/** `undefined` with the reason for a pod that carries our labels but is not one of ours: it is never touched. */
export function parseUnit(pod: V1Pod): { unit: Unit } | { unit: undefined; reason: string } {
  const { metadata, spec, status } = pod;
  const { name, uid } = metadata ?? {};
  const parsed = unitSchema.safeParse({ name, uid, labels: metadata?.labels, annotations: metadata?.annotations });
  if (!parsed.success) return { unit: undefined, reason: z.prettifyError(parsed.error) };
  const { labels, annotations } = parsed.data;
  const createdAt = new Date(metadata?.creationTimestamp ?? 0).getTime();
  const condition = (type: string) => status?.conditions?.find((each) => each.type === type);
  const cloneId = labels[names.CLONE_LABEL];
  return {
    unit: {
      name: parsed.data.name,
      uid: parsed.data.uid,
      resourceVersion: metadata?.resourceVersion ?? '',
      state: labels[names.STATE_LABEL],
      epoch: annotations[names.EPOCH],
      cloneId,
      claim: annotations[names.CLAIM],
      replaces: annotations[names.REPLACES],
      jobId: annotations[names.JOB] || undefined,
      deadline: annotations[names.DEADLINE],
      heldUntil: annotations[names.HELD_UNTIL],
      createdAt,
      since: annotations[names.SINCE] ?? createdAt,
      expiresAt: annotations[names.EXPIRES_AT],
      facts: annotations[names.FACTS],
      revision: annotations[names.REVISION] ?? '',
      image: spec?.containers.find((container) => container.name === 'sidecar')?.image,
      phpVersion: annotations[names.PHP],
      uses: annotations[names.USES] ?? (cloneId === undefined ? 0 : 1),
      provenAt: annotations[names.PROVEN_AT],
      runs: runsOf(pod),
      provenRuns: annotations[names.PROVEN_RUNS],
      golden: annotations[names.GOLDEN],
      heldBackUntil: heldBackUntil(pod),
      podIp: status?.podIP,
      ready: condition('Ready')?.status === 'True',
      unschedulable: condition('PodScheduled')?.reason === 'Unschedulable',
      deleting: metadata?.deletionTimestamp !== undefined,
      nodeAway: isNodeAway(pod),
      ended: status?.phase === 'Failed' || status?.phase === 'Succeeded',
    },
  };
}

/** Each start of a container gives it another id, and counts. */
export const runsOf = ({ status }: V1Pod): string =>
  (status?.containerStatuses ?? [])
    .map(
      ({ name, containerID, restartCount }) => `${name}:${containerID?.split('//')[1]?.slice(0, 12)}:${restartCount}`,
    )
    .toSorted()
    .join(' ');

/** A moment as it stands on objects: ISO 8601, by the API server's clock, which is `offset` ahead of ours. */
export const stampOf = (offset: number, time: number): string => new Date(time + offset).toISOString();

/** Whether a job works on it whose time is not over; `now` by the API server's clock. */
export function isLeased({ state, deadline, heldUntil }: Unit, now: number): boolean {
  const until = isWorkedOn(state) ? deadline : heldUntil;
  return until !== undefined && now <= until;
}

/** Whether it can be made ready for another clone when its own has ended; `now` by the API server's clock. */
export const isRecyclable = ({ golden, heldBackUntil: until }: Unit, now: number): boolean =>
  golden !== undefined && (until === undefined || until < now);

/** `offset`: how far the API server's clock is ahead of the reader's. `undefined` for a unit that holds no clone. */
export function cloneFactsOf(unit: Unit, now: number, offset: number): CloneFacts | undefined {
  if (unit.cloneId === undefined || unit.facts === undefined || unit.expiresAt === undefined) return undefined;
  const expiresAt = unit.expiresAt - offset;
  const state = unit.ended ? 'failed' : cloneStateOf(unit.state, expiresAt <= now);
  return {
    id: unit.cloneId,
    runtime: 'kubernetes',
    state,
    url: unit.facts.url,
    source: unit.facts.source,
    adminUsername: unit.facts.adminUsername,
    createdAt: Date.parse(unit.facts.createdAt) - offset,
    expiresAt,
    findings: unit.facts.findings ?? [],
  };
}
