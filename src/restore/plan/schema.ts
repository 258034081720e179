/** The plan as a file and as JSON: keys, digests and titles; no values of the site, and no secrets. */
import { z } from 'zod';
import { PROTECTIONS } from '../merge/never.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.number().int().nonnegative();
const change = z.enum(['new', 'changed', 'deleted']);
export const GROUPS = ['content', 'settings', 'media', 'users', 'orders', 'tables'] as const;

/** Why somebody has to decide. Stable, like error codes. */
const CONFLICT_CODES = [
  'BOTH_CHANGED',
  'BOTH_WROTE',
  'DIFFERS',
  'DELETED_ON_LIVE',
  'DELETED_IN_CLONE',
  'USED_ON_LIVE',
  'NUMBER_TAKEN',
  'NAME_TAKEN',
  'NEEDS',
  'ADDRESS',
  'NOT_COMPARABLE',
  'NEWER_ON_LIVE',
  'HOST_FORBIDS',
  'TABLE_ALTERED',
] as const;
const KEPT_CODES = [
  'PROTECTED',
  'NOISE',
  'DELETION',
  'NOT_CHOSEN',
  'LIVE_TAKEN',
  'NOT_WRITABLE',
  'LEFT_TO_CODE',
] as const;

const conflictSchema = z.object({
  code: z.enum(CONFLICT_CODES),
  /** For people; names of the site in it are escaped by whoever prints it. */
  message: z.string(),
  /** Decides: `live` or `clone`. To be filled in by whoever reviews the plan. */
  take: z.enum(['live', 'clone']).nullable(),
});
export type PlanConflict = z.infer<typeof conflictSchema>;

const keptSchema = z.object({
  code: z.enum(KEPT_CODES),
  class: z.enum(PROTECTIONS).exactOptional(),
  message: z.string(),
});

/** What becomes of a thing: with neither `conflict` nor `kept`, it is taken over. */
const fate = { conflict: conflictSchema.exactOptional(), kept: keptSchema.exactOptional() };

const itemSchema = z.object({
  /** As `--only` takes it: `page:12`, `option:blogname`. */
  id: z.string(),
  /** Its number in the clone, which the live site has given to something else: it goes under the one in `id`. */
  was: z.string().exactOptional(),
  group: z.enum(GROUPS),
  title: z.string(),
  change,
  /** Of a table that is made or altered: the package of code that it belongs to. */
  package: z.string().exactOptional(),
  /** What of it, in words. */
  what: z.array(z.string()),
  /** Both sides changed it, and both changes go together. */
  both: z.boolean(),
  /** What stood against it, in words, where somebody took the clone's side: what the live site has of that is replaced. */
  over: z.string().exactOptional(),
  rows: count,
  /** Of what the live site has, and of what it is to have. */
  live: sha256,
  clone: sha256,
  ...fate,
});
export type PlanItem = z.infer<typeof itemSchema>;

const digest = sha256.nullable();
const fileSchema = z.object({
  place: z.string(),
  change,
  size: count,
  base: digest,
  live: digest,
  clone: digest,
});
export type PlanFile = z.infer<typeof fileSchema>;

const packageSchema = z.object({
  /** `plugin:akismet`, `theme:child`, `core`, `mu-plugins`, `languages:plugins/akismet-de_DE`, `files`. */
  id: z.string(),
  title: z.string(),
  change,
  versions: z.object({ base: z.string().nullable(), live: z.string().nullable(), clone: z.string().nullable() }),
  files: z.array(fileSchema),
  ...fate,
});
export type PlanPackage = z.infer<typeof packageSchema>;

const uploadSchema = z.object({
  id: z.string(),
  ...fileSchema.shape,
  /** Its path in the clone, which the live site has given to another: it goes under the name in `id`. */
  was: z.string().exactOptional(),
  ...fate,
});
export type PlanUpload = z.infer<typeof uploadSchema>;
/** One as it was found: nobody asked for it, and it goes only with the thing that it belongs to; its fate is that which it has then. */
export type FoundUpload = PlanUpload & { readonly unchosen?: true };

const tableNoteSchema = z.object({
  name: z.string(),
  state: z.enum([
    'new-in-clone',
    'dropped-in-clone',
    'altered-in-clone',
    'new-on-live',
    'dropped-on-live',
    'altered-on-live',
    'changed-on-live',
    'rows-left-out',
  ]),
  columns: z.array(z.string()).readonly().exactOptional(),
  rows: count.exactOptional(),
});

export const policySchema = z
  .object({
    only: z.array(z.string()).readonly(),
    skip: z.array(z.string()).readonly(),
    take: z.enum(['live', 'clone']).nullable(),
    delete: z.boolean(),
    strict: z.boolean(),
    include: z.array(z.enum(PROTECTIONS)).readonly(),
    /** What was decided in a plan, by the id of the item. */
    decisions: z.record(z.string(), z.enum(['live', 'clone'])),
  })
  .readonly();
export type PlanPolicy = z.infer<typeof policySchema>;

export const planSchema = z.object({
  kind: z.literal('wpclone-restore-plan'),
  version: z.literal(1),
  wpclone: z.string(),
  clone: z.object({ id: z.string(), url: z.string(), made_at: z.string().nullable() }),
  live: z.object({ url: z.string() }),
  /** The live site is not the one that was cloned: nothing is remembered of it, and two versions were compared instead of three. */
  two_sided: z.literal(true).exactOptional(),
  planned_at: z.string(),
  /** Of what the clone was made with. */
  baseline: sha256,
  policy: policySchema,
  /** Of all that a person agrees to by agreeing to this plan; what it relies on at the live site included. */
  token: sha256,
  items: z.array(itemSchema),
  code: z.array(packageSchema),
  uploads: z.array(uploadSchema),
  tables: z.array(tableNoteSchema),
  /** Plugins that are active in the clone and not on the live site, and the other way round: never a row. */
  plugins: z.object({ activate: z.array(z.string()), deactivate: z.array(z.string()) }),
  /** What the live site did since: how many of a kind are new, changed, deleted. */
  meanwhile: z.array(z.object({ kind: z.string(), new: count, changed: count, deleted: count })),
  conflicts: count,
  changes: count,
  /** What the plan could not take into account. */
  notes: z.array(z.string()),
});
export type Plan = z.infer<typeof planSchema>;
