import type { PlanUpload } from '../../src/restore/plan/schema.ts';

/** A digest as a plan has it, of which nothing matters but which one it is. */
export const digest = (seed: string): string => seed.repeat(64).slice(0, 64);

/** A new file of the uploads in a plan. */
export const upload = (path: string, more: Partial<PlanUpload> = {}): PlanUpload => ({
  id: `upload:${path}`,
  place: `wp-content/uploads/${path}`,
  change: 'new',
  size: 1,
  base: null,
  live: null,
  clone: digest('a'),
  ...more,
});
