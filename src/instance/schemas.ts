/** What is said to an instance and what it answers; the types follow (types.ts), and so does what goes over the wire. */
import { z } from 'zod';
import { warningsSchema } from '../shared/event-schemas.ts';
import { accessSchema } from '../site/access.ts';
import { siteInfoSchema } from '../site/info.ts';
import { mediaSchema, transferTaskShape } from '../transfer/schemas.ts';

/** All that a transfer needs to know; plain data, so that it can be posted to a pod. Holds secrets (access). */
export const pullTaskSchema = z.object({ ...transferTaskShape, access: accessSchema, cloneUrl: z.string() }).readonly();

export const configureTaskSchema = z
  .object({
    cloneId: z.string(),
    cloneUrl: z.string(),
    info: siteInfoSchema,
    media: mediaSchema,
    /** Milliseconds since the epoch. */
    expiresAt: z.number(),
    admin: z.object({ username: z.string(), password: z.string(), email: z.string() }).readonly(),
    keepMail: z.boolean(),
    insecureTls: z.boolean(),
    /** Constants for its wp-config.php; none that is a clone's own (constant-names.ts). */
    defines: z.record(z.string(), z.json()).default({}),
  })
  .readonly();

export const configureResultSchema = z
  .object({
    /** Drop-ins and must-use plugins that were set aside, by their path under the content folder. */
    setAside: z.array(z.string()).readonly(),
    warnings: warningsSchema,
  })
  .readonly();

export const verifyResultSchema = z
  .object({
    checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() }).readonly()).readonly(),
  })
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
