/** What a transfer is asked for with and gives back, as it also travels to a pod and back; the types follow. */
import { z } from 'zod';
import { warningsSchema } from '../shared/event-schemas.ts';
import { siteInfoSchema } from '../site/info.ts';

export const mediaSchema = z.enum(['copy', 'proxy']);

const globs = z.array(z.string()).readonly();

/** What to copy. */
export const transferTaskShape = {
  info: siteInfoSchema,
  media: mediaSchema,
  /** Globs over table names without the prefix or with it. */
  excludeTables: globs,
  /** Globs over names of tables that have not the site's prefix. */
  includeTables: globs.optional(),
  /** Globs over paths from the document root. */
  excludePaths: globs,
  /** How long the clone lives, which decides how far above the source's IDs those of the clone begin. An older command does not say. */
  ttlSeconds: z.number().default(86_400),
  /** How far they begin above it instead; 0: where the source goes on. */
  idGap: z.number().optional(),
};
export const transferTaskSchema = z.object(transferTaskShape).readonly();

export const databaseResultSchema = z
  .object({
    tables: z.number(),
    rows: z.number(),
    /** Of them, taken from an earlier clone because the source still has the same. An older sidecar does not say. */
    reused: z.number().default(0),
    /** Bytes of rows as loaded, after rewriting. */
    bytes: z.number(),
    urlsRewritten: z.number(),
    warnings: warningsSchema,
  })
  .readonly();

export const filesResultSchema = z
  .object({
    files: z.number(),
    /** Of them, taken from the store without transfer. */
    reused: z.number(),
    bytes: z.number(),
    urlsRewritten: z.number(),
    warnings: warningsSchema,
  })
  .readonly();
