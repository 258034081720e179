import { z } from 'zod';

/** Bytes of a request's body; the longest that makes sense has some hundred patterns in it. */
export const BODY_LIMIT = 256 * 1024;

/** Longer than any password; short enough that nobody can fill a disk. */
const text = z.string().min(1).max(4096);
const pattern = z.string().min(1).max(512);

/** RFC 1123 label of at most 40 characters, as `--name` takes it. */
export const cloneName = z
  .string()
  .regex(
    /^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/,
    'a name has letters, digits and dashes, begins with a letter and has at most 40',
  );

/** Minutes, at most 30 days: what `--ttl` takes. */
const ttlMinutes = z
  .number()
  .min(1)
  .max(30 * 24 * 60);

/** `POST /api/v2/clone` and v1's `POST /clone`: the names are fixed, other systems call them. */
export const cloneBody = z
  .strictObject({
    source_url: text,
    source_username: text.optional(),
    source_password: text.optional(),
    /** The clone's name. */
    customer_id: cloneName.optional(),
    ttl_minutes: ttlMinutes.optional(),
    login_url: text.optional(),
    media: z.enum(['copy', 'proxy']).optional(),
    exclude_tables: z.array(pattern).max(200).optional(),
    exclude_paths: z.array(pattern).max(200).optional(),
    /** Keep no clone that differs from its source. */
    strict: z.boolean().optional(),
    /** These two weaken a clone or its transfer: they want the scope admin. */
    keep_mail: z.boolean().optional(),
    insecure: z.boolean().optional(),
  })
  .meta({ id: 'CloneRequest' });
export type CloneBody = z.infer<typeof cloneBody>;

export const extendBody = z.strictObject({ ttl_minutes: ttlMinutes }).meta({ id: 'ExtendRequest' });

export const idParameter = z.object({ id: z.string().min(1).max(80) });

/** Query of the old calls and of the list. */
export const asyncQuery = z.object({ async: z.enum(['true', 'false']).optional() });
export const waitQuery = z.object({ wait: z.coerce.number().min(0).max(60).optional() });
export const listQuery = z.object({
  status: z.enum(['pending', 'running', 'completed', 'failed']).optional(),
  limit: z.coerce.number().int().min(1).max(500).optional(),
  before: z.string().max(80).optional(),
});
