import { z } from 'zod';
import { agreedSchema, restoreClassSchema } from '../../operations/restore-schemas.ts';
import { address, cloneName, HTTP_AUTH, bothOfHttpAuth, text, withoutLogin } from './bodies.ts';

/** Bytes of a request to restore: what was agreed to names every thing. */
export const RESTORE_BODY_LIMIT = 8 * 2 ** 20;

const chosen = z
  .array(z.string().min(1).max(512))
  .max(500)
  .optional()
  .meta({ examples: [['page:about-us']] });

/** A log-in. The words are sealed while the job needs them, and then erased. */
const login = {
  username: text.optional(),
  password: text.optional(),
  login_url: withoutLogin.optional().describe('Address of the log-in page, if it was moved.'),
  /** For a web server that asks for a password before WordPress does. */
  http_auth_username: text.optional(),
  http_auth_password: text.optional(),
};

/** The live site, and a log-in there. */
const target = z
  .strictObject({
    url: address.optional().describe('When it is not the address that was cloned; it may be another site.'),
    ...login,
  })
  .refine(bothOfHttpAuth, HTTP_AUTH)
  .meta({ examples: [{ username: 'admin', password: '{{source_password}}' }] });
export type TargetBody = z.infer<typeof target>;

/** A clone of the agent's, or a site to copy, and a log-in there. */
const source = z.strictObject({ url: address, ...login }).refine(bothOfHttpAuth, HTTP_AUTH);
export type FromBody = z.infer<typeof source>;

const insecure = z
  .boolean()
  .optional()
  .describe('Continue even if the certificate of the live site cannot be verified. Needs the scope admin.');

/** `POST /api/v2/restore` and v1's `POST /restore`: the names are fixed, other systems call them. */
export const restoreBody = z
  .strictObject({
    clone_id: cloneName.optional().meta({ description: 'The clone that goes back.', examples: ['{{clone}}'] }),
    source: source
      .optional()
      .describe(
        "Instead of clone_id: the clone's address, whose log-in is not needed, or any other site, which is copied for this; then target.url is wanted, and what both sites have otherwise becomes as at the source unless `take` says `live`.",
      ),
    target: target.optional(),
    rehearsal: z
      .boolean()
      .optional()
      .describe('The target is a fresh copy of the site that was cloned, such as another clone: try it out there.'),
    dry_run: z
      .boolean()
      .optional()
      .meta({ description: 'Only make the plan, which is the result.', examples: [true] }),
    agreed: agreedSchema
      .optional()
      .describe(
        'Write what was agreed to and nothing else; of the plan, its `baseline` and of its items `id`, `live` and `clone`.',
      ),
    only: chosen.describe('Only these: KIND:NAME, or all of a kind.'),
    skip: chosen.describe('All but these.'),
    take: z.enum(['live', 'clone']).optional().describe('Decide all conflicts for one side, where that is possible.'),
    decisions: z
      .record(z.string().min(1).max(512), z.enum(['live', 'clone']))
      .optional()
      .describe('Decide single conflicts, by the id of the item.'),
    delete: z.boolean().optional().describe('Also delete what was deleted in the clone.'),
    strict: z.boolean().optional().describe('Two changes of one text in different fields are a conflict, too.'),
    include: z.array(restoreClassSchema).optional().describe('Also bring back what never travels by itself.'),
    insecure,
  })
  .refine((body) => (body.clone_id === undefined) !== (body.source === undefined), {
    message: 'wanted, or source instead of it',
    path: ['clone_id'],
  })
  .meta({ id: 'RestoreRequest' });
export type RestoreBody = z.infer<typeof restoreBody>;

/** For what is done about a restore that was applied. */
export const acceptBody = z.strictObject({ target: target.optional(), insecure }).meta({ id: 'AcceptRequest' });
export const undoBody = z
  .strictObject({
    target: target.optional(),
    only: z.array(z.string().min(1).max(512)).max(500).optional().describe('Take back these items only, by their ids.'),
    insecure,
  })
  .meta({ id: 'UndoRequest' });
export type WrittenBody = z.infer<typeof undoBody>;
