import { hash } from 'node:crypto';
import type { OriginRange } from './schema.ts';

/** What is smaller is made again: such ranges are joined (src/transfer/earlier/coalesce.ts). */
export const LEAST_AGAIN = 384 * 1024;

/** Of what a range was at the source and of what became of it: nothing of it needs to be looked at where this is as it was. */
export function digestAgain(
  { rows, bytes, last, sha256 }: Pick<OriginRange, 'rows' | 'bytes' | 'last' | 'sha256'>,
  made: { readonly sha256: string; readonly urls: number; readonly back: string | undefined },
): string {
  return hash('sha256', JSON.stringify([rows, bytes, last, sha256, made.sha256, made.urls, made.back ?? null]));
}
