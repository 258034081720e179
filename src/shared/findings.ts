import { z } from 'zod';

/** What differs between a finished clone and its source. Stable, like error codes. */
export const FINDING_CODES = [
  'FRONT_PAGE_DIFFERS',
  'LINKS_TO_SOURCE',
  'LOGIN_PAGE_DIFFERS',
  'LOGIN_AS_SOURCE_ADMIN',
  'ADMINISTRATION_NOT_REACHED',
] as const;

/** What was looked at. */
export const CHECKS = ['front page', 'links', 'log-in page', 'log-in'] as const;

/** A clone is kept whatever is found; it is verified when nothing is. `message` is for people and holds no secret. */
export const findingSchema = z
  .object({
    check: z.enum(CHECKS),
    code: z.enum(FINDING_CODES),
    message: z.string(),
  })
  .readonly();
export type Finding = z.infer<typeof findingSchema>;
