import { createHmac } from 'node:crypto';
import type { OriginRange } from './schema.ts';

/** What is smaller is made again: such ranges are joined (src/transfer/earlier/coalesce.ts). */
export const LEAST_AGAIN = 384 * 1024;

/**
 * Of what a range was at the source and of what became of it by these rules: nothing of it needs to be looked at where this is as it was. With a key,
 * because code that runs in a clone can write to what lies beside it.
 */
export function digestAgain(
  key: Buffer,
  rules: string,
  { rows, bytes, last, sha256 }: Pick<OriginRange, 'rows' | 'bytes' | 'last' | 'sha256'>,
  made: { readonly sha256: string; readonly urls: number; readonly back: string | undefined },
): string {
  const said = JSON.stringify([rules, rows, bytes, last, sha256, made.sha256, made.urls, made.back ?? null]);
  return createHmac('sha256', key).update(said).digest('hex');
}
