import type { z } from 'zod';
import { WpcloneError } from '../shared/errors.ts';
import { parseJson } from '../shared/json.ts';

/** What the site sent, when it is what it should be; which field is not is said, what stands in it is not. Throws SOURCE_FAILED. */
export function understood<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
  throw notUnderstood(where === '' ? '' : ` (${where.slice(0, 200)})`);
}

/** The same for a body of JSON. */
export function understoodJson<T>(schema: z.ZodType<T>, body: Buffer): T {
  const value = parseJson(body.toString('utf8'));
  if (value === undefined) throw notUnderstood('');
  return understood(schema, value);
}

const notUnderstood = (where: string): WpcloneError =>
  new WpcloneError('SOURCE_FAILED', `What the site says is not understood${where}.`);
