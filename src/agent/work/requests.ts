import { z } from 'zod';
import type { CloneRequest } from '../../operations/types.ts';

const text = z.string();
const globs = z.array(z.string()).readonly();

/** A clone's request as a queue keeps it. */
export const cloneRequestSchema: z.ZodType<CloneRequest> = z.strictObject({
  url: text,
  name: text.exactOptional(),
  replace: z.boolean().optional(),
  username: text.exactOptional(),
  loginUrl: text.exactOptional(),
  insecureTls: z.boolean(),
  mustLogIn: z.boolean().exactOptional(),
  ttlSeconds: z.number(),
  media: z.enum(['copy', 'proxy']),
  excludeTables: globs,
  includeTables: globs.exactOptional(),
  excludePaths: globs,
  keepMail: z.boolean(),
  strict: z.boolean(),
  allowExec: z.boolean().optional(),
  idGap: z.number().exactOptional(),
  defines: z.record(z.string(), z.json()).default({}),
  php: text.exactOptional(),
});
