import { z } from 'zod';

const count = z.int().min(0).max(1000);
const php = z.string().regex(/^\d{1,2}\.\d{1,2}$/, 'a version such as 8.2');

/** What people can say of a pool's size; what is not said is as the runtime has it. */
export const poolSizesSchema = z.strictObject({
  /** Idle units of each PHP version, whatever the demand. */
  min: count.optional().meta({ examples: [1] }),
  /** Idle units of each PHP version, however high the demand. */
  max: count.optional().meta({ examples: [2] }),
  /** All units, those that hold clones included, above which none is made ahead. */
  most: count.optional(),
  /** PHP versions that units are kept of. */
  php: z.array(php).min(1).max(10).readonly().optional(),
  /** Whether a unit whose clone has ended is reset, proven clean and used once more; in a cluster only. */
  recycle: z.enum(['always', 'never']).optional(),
});
export type PoolSizes = z.infer<typeof poolSizesSchema>;
