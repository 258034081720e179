import { z } from 'zod';
import { isSiteAddress } from '../../operations/names.ts';
import { poolSizesSchema } from '../../operations/pool-sizes.ts';
import { restoreIdSchema } from '../../operations/restore-schemas.ts';

/** Bytes of a request's body; the longest that makes sense has some hundred patterns in it. */
export const BODY_LIMIT = 256 * 1024;

/** Longer than any password; short enough that nobody can fill a disk. */
export const text = z.string().min(1).max(4096);
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

/** An address is kept and shown as it is; what is secret has fields of its own. */
export const withoutLogin = text.refine((typed) => {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(typed.trim()) ? typed : `https://${typed.trim()}`);
  return url === null || (url.username === '' && url.password === '');
}, 'holds a user name or a password, for which there are http_auth_username and http_auth_password');

export const address = withoutLogin.refine(isSiteAddress, 'is no http or https address of a site').meta({
  description: 'Address of the site, as in a browser.',
  examples: ['https://mysite.example'],
});

/** The words of a log-in at the source. They are sealed while the job needs them, and then erased. */
const credentials = {
  source_username: text.optional().meta({ examples: ['admin'] }),
  source_password: text.optional().meta({ examples: ['{{source_password}}'] }),
  /** For a web server that asks for a password before WordPress does. */
  http_auth_username: text.optional(),
  http_auth_password: text.optional(),
};

/** A name without its password, or the other way round, is a slip. */
export const bothOfHttpAuth = (body: {
  http_auth_username?: string | undefined;
  http_auth_password?: string | undefined;
}) => (body.http_auth_username === undefined) === (body.http_auth_password === undefined);
export const HTTP_AUTH = { message: 'wanted together with http_auth_username', path: ['http_auth_password'] };

/** `POST /api/v2/clone` and v1's `POST /clone`: the names are fixed, other systems call them. */
export const cloneBody = z
  .strictObject({
    source_url: address,
    ...credentials,
    customer_id: cloneName.optional().describe("The clone's name; made from the host when it is not given."),
    replace: z
      .boolean()
      .optional()
      .describe('The clone that has this customer_id by now is removed when the new one is ready.'),
    ttl_minutes: ttlMinutes.optional().meta({ description: '30 when it is not given.', examples: [30] }),
    login_url: withoutLogin.optional().describe('Address of the log-in page, if it was moved.'),
    media: z.enum(['copy', 'proxy']).optional().describe('Copy uploads, or fetch each when it is first asked for.'),
    exclude_tables: z.array(pattern).max(200).optional().describe('Leave out the rows of matching tables.'),
    include_tables: z
      .array(pattern)
      .max(200)
      .optional()
      .describe('Copy matching tables that have not the prefix of the site.'),
    exclude_paths: z.array(pattern).max(200).optional().describe('Leave out matching files and folders.'),
    id_gap: z
      .number()
      .int()
      .min(0)
      .max(2 ** 31)
      .optional()
      .describe("How far above the site's IDs those of the clone begin."),
    defines: z
      .record(z.string().min(1).max(200), z.union([z.string().max(4096), z.number(), z.boolean(), z.null()]))
      .optional()
      .describe("Constants for the clone's wp-config.php."),
    php: z
      .string()
      .regex(/^\d{1,2}\.\d{1,2}(\.\d{1,3})?$/, 'a version such as 8.2')
      .optional()
      .describe('The PHP that the clone must run on, such as 8.2.'),
    strict: z.boolean().optional().describe('Keep no clone that differs from its source.'),
    keep_mail: z.boolean().optional().describe('Let the clone send mail. Needs the scope admin.'),
    allow_exec: z.boolean().optional().describe("Let the clone's PHP start programs. Needs the scope admin."),
    insecure: z
      .boolean()
      .optional()
      .describe('Continue even if the certificate of the source cannot be verified. Needs the scope admin.'),
  })
  .refine(bothOfHttpAuth, HTTP_AUTH)
  .refine(({ replace, customer_id }) => replace !== true || customer_id !== undefined, {
    message: 'wanted with replace: the name of the clone that is replaced',
    path: ['customer_id'],
  })
  .meta({ id: 'CloneRequest' });
export type CloneBody = z.infer<typeof cloneBody>;

/** A log-in for a job that failed without one. */
export const retryBody = z.strictObject(credentials).refine(bothOfHttpAuth, HTTP_AUTH).meta({ id: 'RetryRequest' });
export type RetryBody = z.infer<typeof retryBody>;

/** Takes the plugin off a site. */
export const disconnectBody = z
  .strictObject({
    source_url: address,
    ...credentials,
    login_url: withoutLogin.optional(),
    insecure: z.boolean().optional(),
  })
  .refine(bothOfHttpAuth, HTTP_AUTH)
  .meta({ id: 'DisconnectRequest' });

export const extendBody = z
  .strictObject({ ttl_minutes: ttlMinutes.meta({ examples: [120] }) })
  .meta({ id: 'ExtendRequest' });

export const restoreParameter = z.object({ id: restoreIdSchema });
export const idParameter = z.object({ id: z.string().min(1).max(80) });

/** Query of the old calls and of the list. */
export const asyncQuery = z.object({ async: z.enum(['true', 'false']).optional() });
const wait = z.coerce.number().min(0).max(60).optional();
export const waitQuery = z.object({ wait });
/** The events after this sequence number. */
export const logQuery = z.object({ after: z.coerce.number().int().min(0).optional(), wait });
/** `ticket`: instead of a token, once. */
export const eventsQuery = z.object({
  ticket: z.string().max(80).optional(),
  after: z.coerce.number().int().min(0).optional(),
});
export const showQuery = z.object({ show_password: z.enum(['true', 'false']).optional() });
export const followQuery = z.object({ follow: z.enum(['true', 'false']).optional() });
export const listQuery = z.object({
  status: z.enum(['pending', 'running', 'completed', 'failed']).optional(),
  limit: z.coerce.number().int().min(1).max(500).optional(),
  before: z.string().max(80).optional(),
});

/** How large the pool is to be; what is not named stays as it was said before. */
export const poolBody = poolSizesSchema
  .refine((body) => Object.values(body).some((value) => value !== undefined), 'says nothing')
  .meta({ id: 'PoolRequest' });
