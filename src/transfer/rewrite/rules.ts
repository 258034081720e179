import { createHash } from 'node:crypto';
import type { RowColumns, UrlMapping } from './types.ts';
import { REWRITER_VERSION } from './version.ts';

/**
 * Digest of all that decides what rewriting makes of a table's rows, but for the folder of the clone. Undefined where more decides: PHP reads
 * columns in another form than they are stored in, which also depends on servers.
 */
export function rulesOf({ from, to, paths }: UrlMapping, { skip, readings, unique }: RowColumns): string | undefined {
  if (readings !== undefined && readings.size > 0) return undefined;
  const rules: unknown[] = [
    REWRITER_VERSION,
    from,
    to,
    paths.map((path) => path.from),
    [...skip].toSorted((a, b) => a - b),
  ];
  // Clones of before rows could keep their addresses have lost some of these.
  if (unique) rules.push('unique');
  return createHash('sha256').update(JSON.stringify(rules)).digest('hex');
}
