/** What is said to an instance and what it answers; the types follow (types.ts), and so does what goes over the wire. */
import { z } from 'zod';
import { warningsSchema } from '../shared/event-schemas.ts';
import { findingSchema } from '../shared/findings.ts';
import { agreedSchema } from '../restore/plan/agreed.ts';
import { outcomeSchema } from '../restore/plan/outcome.ts';
import { receiptSchema } from '../site/write/answers.ts';
import { accessSchema } from '../site/access.ts';
import { siteInfoSchema } from '../site/info.ts';
import { looksSchema } from '../site/looks.ts';
import { KINS } from '../restore/kin.ts';
import { policySchema } from '../restore/plan/schema.ts';
import { mediaSchema, transferTaskShape } from '../transfer/schemas.ts';

/** All that a transfer needs to know; plain data, so that it can be posted to a pod. Holds secrets (access). */
export const pullTaskSchema = z.object({ ...transferTaskShape, access: accessSchema, cloneUrl: z.string() }).readonly();

const configureTaskShape = {
  cloneId: z.string(),
  cloneUrl: z.string(),
  info: siteInfoSchema,
  media: mediaSchema,
  /** Milliseconds since the epoch. */
  expiresAt: z.number(),
  admin: z.object({ username: z.string(), password: z.string(), email: z.string() }).readonly(),
  keepMail: z.boolean(),
  /** Its PHP may start programs. */
  allowExec: z.boolean().optional(),
  insecureTls: z.boolean(),
  /** Constants for its wp-config.php; none that is a clone's own (constant-names.ts). */
  defines: z.record(z.string(), z.json()).default({}),
  /** Who was logged in at the source, by name or address, when that is known. */
  sourceUsername: z.string().optional(),
};
export const configureTaskSchema = z.object(configureTaskShape).readonly();
export const configureResultSchema = z
  .object({
    /** Drop-ins and must-use plugins that were set aside, by their path under the content folder. */
    setAside: z.array(z.string()).readonly(),
    warnings: warningsSchema,
  })
  .readonly();

/** The task of `configure`, and what to compare the clone with. */
export const verifyTaskSchema = z.object({ ...configureTaskShape, looks: looksSchema }).readonly();

/** What differs from the source, and what people should know although it does not differ. */
export const verifyResultSchema = z
  .object({ findings: z.array(findingSchema).readonly(), warnings: warningsSchema })
  .readonly();

export const mailSchema = z
  .object({
    id: z.string(),
    /** ISO 8601. */
    at: z.string(),
    to: z.array(z.string()).readonly(),
    subject: z.string(),
    headers: z.array(z.string()).readonly(),
    body: z.string(),
  })
  .readonly();

/** The clone that an instance is to hold. */
export const assignmentSchema = z
  .object({
    cloneId: z.string(),
    /** Where people will reach it; its path is not known yet. */
    url: z.url(),
  })
  .readonly();

/** How many of each there are in an instance. */
export const leftSchema = z.object({ files: z.number(), tables: z.number(), mail: z.number() }).readonly();

/** Places in which one clone could leave something for the next. */
export const LOOK_SECTIONS = [
  'files',
  'sockets',
  'shared-memory',
  'sidecar-tmp',
  'database-folder',
  'databases',
  'accounts',
  'definitions',
  'variables',
  'connections',
  'processes',
  'web-tmp',
] as const;
/** A line for each thing in them. */
export const lookSchema = z.record(z.enum(LOOK_SECTIONS), z.array(z.string()).readonly());

/** What became of a restore at its site. */
export const appliedRestoreSchema = z
  .object({
    receipt: receiptSchema,
    /** How many things people see as one. */
    items: z.number(),
    /** What a person should know of the host: tables whose triggers fired, an object cache that keeps what is in it. */
    triggers: z.array(z.string()),
    outcome: outcomeSchema,
  })
  .readonly();

/** Which live site to compare with, and what is wanted. Holds secrets (access). */
export const planRestoreTaskSchema = z
  .object({
    access: accessSchema,
    info: siteInfoSchema,
    /** What that site is to the clone. */
    kin: z.enum(KINS).default('source'),
    policy: policySchema,
    version: z.string(),
  })
  .readonly();

/** The same, with the key to write, and what a person has agreed to. Holds secrets (access, key). */
export const applyRestoreTaskSchema = planRestoreTaskSchema
  .unwrap()
  .extend({
    key: z.object({ restore: z.string(), privateKey: z.string(), clockOffset: z.number() }).readonly(),
    /** Null: to whatever the plan gives, unseen. */
    agreed: agreedSchema.nullable(),
  })
  .readonly();
