/**
 * Everything that can be asked of an instance, each declared once: what it is given and what it answers. The interface
 * (types.ts), the sidecar's API, its table of jobs and its client follow from here.
 */
import { z } from 'zod';
import { databaseResultSchema, filesResultSchema } from '../transfer/schemas.ts';
import { planSchema } from '../restore/plan/schema.ts';
import {
  assignmentSchema,
  configureResultSchema,
  configureTaskSchema,
  leftSchema,
  lookSchema,
  LOOK_SECTIONS,
  mailSchema,
  appliedRestoreSchema,
  applyRestoreTaskSchema,
  planRestoreTaskSchema,
  pullTaskSchema,
  verifyResultSchema,
  verifyTaskSchema,
} from './schemas.ts';

/**
 * Counted up when the other side would misunderstand what is said: a field that must be there, another meaning. An operation
 * that changed in that way says so in `since`; the others go on working with an older other side.
 */
export const INSTANCE_PROTOCOL = 5;

export { LOOK_SECTIONS };
export type LookSection = (typeof LOOK_SECTIONS)[number];

/** Nothing to say: JSON knows no `undefined`. */
const nothing = z.null().transform(() => undefined);
const noTask = z.undefined();

/** What takes its time: it reports progress, and can be cancelled. */
const jobs = {
  /** Into an instance that was assigned: one of before version 4 learnt from its environment whose it was. */
  pullDatabase: { task: pullTaskSchema, result: databaseResultSchema, since: 4, beside: 'pullFiles' },
  pullFiles: { task: pullTaskSchema, result: filesResultSchema, since: 4, beside: 'pullDatabase' },
  configure: { task: configureTaskSchema, result: configureResultSchema, since: 2 },
  /** Compares the clone with its source and finds a way in. Throws VERIFY_FAILED when nothing of it answers. */
  verify: { task: verifyTaskSchema, result: verifyResultSchema, since: 3 },
  /** Back to the baseline: database, files, configuration; log-in tokens and caught mail are dropped. */
  reset: { task: noTask, result: nothing, since: 1 },
  /** Says what of the clone would go back to the live site. Reads only, here and there. */
  planRestore: { task: planRestoreTaskSchema, result: planSchema, since: 5 },
  /** Makes the plan once more and writes it to the live site, when it is still the one that was agreed to. */
  applyRestore: { task: applyRestoreTaskSchema, result: appliedRestoreSchema, since: 5 },
} as const;

/** What is answered at once. */
const calls = {
  /**
   * Tells an instance of its own pod whose it is from now on; it answers at the clone's address too. For one epoch, which the caller
   * names: the same may be said again, another is refused. Throws CLUSTER_CONFLICT.
   */
  assign: {
    method: 'POST',
    path: '/v1/assign',
    input: assignmentSchema,
    answer: z.object({ ok: z.literal(true) }),
    since: 4,
  },
  /** What is left in it of anybody's: nothing, before it is handed out. */
  examine: { method: 'GET', path: '/v1/left', input: z.undefined(), answer: leftSchema, since: 4 },
  /** What there is in its pod that one clone could leave for the next: the same each time of a unit that nobody has had. */
  look: { method: 'GET', path: '/v1/look', input: z.undefined(), answer: lookSchema, since: 5 },
  /**
   * The time of its clone is over: what runs in the web container is ended, with it. `seen`: in which places it shows what was put there
   * for it to find; `closedAt`: nothing of the clone's has run in a web container that was started in a later second of its node's clock.
   */
  endTenancy: {
    method: 'POST',
    path: '/v1/end-of-tenancy',
    input: z.object({}),
    answer: z.object({ seen: z.array(z.enum(LOOK_SECTIONS)).readonly(), closedAt: z.number() }),
    since: 5,
  },
  /** When that is a new one: ends the database, which begins with nothing, and itself. `endedAt`: as `closedAt`, for the database. */
  endServers: {
    method: 'POST',
    path: '/v1/end-of-servers',
    input: z.object({}),
    answer: z.object({ endedAt: z.number() }),
    since: 5,
  },
  /** All are new ones: what the clone left elsewhere is taken away, and the next one will be served. Throws when that was not so. */
  beginAnew: {
    method: 'POST',
    path: '/v1/begin-anew',
    /** The clone's own, which must not open the database any more. */
    input: z.object({ oldPassword: z.string() }),
    answer: z.object({ ok: z.literal(true) }),
    since: 5,
  },
  /** A fresh one-time log-in link. */
  createLoginLink: {
    method: 'POST',
    path: '/v1/login-link',
    input: z.object({}),
    answer: z.object({ url: z.string() }),
    since: 1,
  },
  setExpiry: {
    method: 'POST',
    path: '/v1/expiry',
    /** Milliseconds since the epoch. */
    input: z.object({ expiresAt: z.number() }),
    answer: z.object({ ok: z.literal(true) }),
    since: 1,
  },
  listMail: {
    method: 'GET',
    path: '/v1/mail',
    input: z.undefined(),
    answer: z.object({ mail: z.array(mailSchema).readonly() }),
    since: 1,
  },
} as const;

export type JobName = keyof typeof jobs;
export type JobTask<K extends JobName> = z.output<(typeof jobs)[K]['task']>;
export type JobResult<K extends JobName> = z.output<(typeof jobs)[K]['result']>;

interface DeclaredJob<K extends JobName> {
  readonly task: z.ZodType<JobTask<K>>;
  readonly result: z.ZodType<JobResult<K>>;
  /** The version of the protocol from which on it is as it is here. */
  readonly since: number;
  /** The one other job that it may run beside. */
  readonly beside?: JobName;
}
export const JOBS: { readonly [K in JobName]: DeclaredJob<K> } = jobs;

export type CallName = keyof typeof calls;
export type CallInput<K extends CallName> = z.output<(typeof calls)[K]['input']>;
export type CallAnswer<K extends CallName> = z.output<(typeof calls)[K]['answer']>;

interface DeclaredCall<K extends CallName> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly input: z.ZodType<CallInput<K>>;
  readonly answer: z.ZodType<CallAnswer<K>>;
  /** As of a job. */
  readonly since: number;
}
export const CALLS: { readonly [K in CallName]: DeclaredCall<K> } = calls;
