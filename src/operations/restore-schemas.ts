import { z } from 'zod';
import { agreedSchema } from '../restore/plan/agreed.ts';
import { outcomeSchema } from '../restore/plan/outcome.ts';
import { planSchema, policySchema } from '../restore/plan/schema.ts';
import { isRestoreId } from '../restore/write/id.ts';
import { driftReasonSchema, restoreStateSchema } from '../site/write/answers.ts';
import { RESTORE_CLASSES } from './restore-policy.ts';
import type { AppliedReport, RestoreReport, UndoReport } from './types.ts';

/* Restores as the API tells of them; its agent answers with these and its client reads them. */

export const restoreIdSchema = z.string().refine(isRestoreId, 'is no id of a restore, such as rst-7c2abcde');
export const restoreClassSchema = z.enum(RESTORE_CLASSES);
export { agreedSchema, planSchema, policySchema };

export const restoreReportSchema = z.object({
  restore_id: z.string(),
  /** The live site. */
  url: z.string(),
  clone_id: z.string().nullable(),
  status: restoreStateSchema,
  made_at: z.string(),
  applied_at: z.string().nullable(),
  /** Rows written, by table. */
  rows: z.record(z.string(), z.number()),
  /** Files of the uploads put in place. */
  files: z.number(),
  /** For how long rows of the live site were held. */
  held_ms: z.number().nullable(),
  /** Where it was undone in part: items that are still there. */
  left: z.number().nullable(),
}) satisfies z.ZodType<RestoreReport>;

export const restoresSchema = z.object({ restores: z.array(restoreReportSchema) });

export const appliedReportSchema = restoreReportSchema.extend({
  items: z.number(),
  ...outcomeSchema.shape,
  warnings: z.array(z.string()),
}) satisfies z.ZodType<AppliedReport>;

export const undoReportSchema = restoreReportSchema.extend({
  undone: z.number(),
  kept: z.array(
    z.object({
      item: z.string(),
      title: z.string(),
      why: z.array(driftReasonSchema),
    }),
  ),
}) satisfies z.ZodType<UndoReport>;
