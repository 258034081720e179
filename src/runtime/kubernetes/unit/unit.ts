import type { V1Pod } from '@kubernetes/client-node';
import { z } from 'zod';
import { findingSchema } from '../../../shared/findings.ts';
import type { CloneFacts } from '../../types.ts';
import type { UnitVersion } from './cas.ts';
import { CLAIM, CLONE_LABEL, DEADLINE, EPOCH, EXPIRES_AT, FACTS, MANAGED_BY, MANAGER, STATE_LABEL } from './names.ts';
import { cloneStateOf, UNIT_STATES } from '../../unit-states.ts';

const factsSchema = z.strictObject({
  url: z.url(),
  source: z.strictObject({ url: z.string(), wordpressVersion: z.string(), phpVersion: z.string() }),
  adminUsername: z.string(),
  createdAt: z.iso.datetime(),
  findings: z.array(findingSchema).optional(),
});
export type UnitFacts = z.infer<typeof factsSchema>;

const stamp = z.iso.datetime().transform((text) => Date.parse(text));

/** Everything that one of our pods says about itself. Times are milliseconds since the epoch by the API server's clock. */
const unitSchema = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    labels: z.object({
      [MANAGED_BY]: z.literal(MANAGER),
      [STATE_LABEL]: z.enum(UNIT_STATES),
      [CLONE_LABEL]: z
        .string()
        .regex(/^[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?$/)
        .optional(),
    }),
    annotations: z.object({
      [EPOCH]: z
        .string()
        .regex(/^\d{1,15}$/)
        .transform(Number),
      [CLAIM]: z.string().min(8).optional(),
      [DEADLINE]: stamp.optional(),
      [EXPIRES_AT]: stamp.optional(),
      [FACTS]: z
        .string()
        .transform((text, context) => {
          try {
            return JSON.parse(text) as unknown;
          } catch {
            context.addIssue({ code: 'custom', message: 'not JSON' });
            return z.NEVER;
          }
        })
        .pipe(factsSchema)
        .optional(),
    }),
  }),
});

/**
 * One of our pods, as its labels and annotations describe it. Times are milliseconds since the epoch, by the API
 * server's clock.
 */
export interface Unit extends UnitVersion {
  readonly cloneId: string | undefined;
  readonly claim: string | undefined;
  readonly deadline: number | undefined;
  readonly expiresAt: number | undefined;
  readonly facts: UnitFacts | undefined;
  readonly podIp: string | undefined;
  /** Somebody has deleted the pod, and its node is about to take it down. */
  readonly deleting: boolean;
  /** Its containers have ended for good (evicted, node shut down). */
  readonly ended: boolean;
}

/** `undefined` with the reason for a pod that carries our labels but is not one of ours: it is never touched. */
export function parseUnit(pod: V1Pod): { unit: Unit } | { unit: undefined; reason: string } {
  const { metadata } = pod;
  const parsed = unitSchema.safeParse({
    metadata: {
      name: metadata?.name,
      uid: metadata?.uid,
      labels: metadata?.labels,
      annotations: metadata?.annotations,
    },
  });
  if (!parsed.success) return { unit: undefined, reason: z.prettifyError(parsed.error) };
  const { name, uid, labels, annotations } = parsed.data.metadata;
  const phase = pod.status?.phase;
  return {
    unit: {
      name,
      uid,
      state: labels[STATE_LABEL],
      epoch: annotations[EPOCH],
      cloneId: labels[CLONE_LABEL],
      claim: annotations[CLAIM],
      deadline: annotations[DEADLINE],
      expiresAt: annotations[EXPIRES_AT],
      facts: annotations[FACTS],
      podIp: pod.status?.podIP,
      deleting: metadata?.deletionTimestamp !== undefined,
      ended: phase === 'Failed' || phase === 'Succeeded',
    },
  };
}

/** A moment as it stands on objects: ISO 8601, by the API server's clock, which is `offset` ahead of ours. */
export const stampOf = (offset: number, time: number): string => new Date(time + offset).toISOString();

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
