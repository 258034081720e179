import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** All that a module loads, types left out. */
function loaded(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, type, from = ''] of readFileSync(file, 'utf8').matchAll(/^import (type )?[^;]*?from '([^']+)';$/gm)) {
    if (type !== undefined) continue;
    if (from.startsWith('.')) loaded(join(file, '..', from), seen);
    else seen.add(from);
  }
  return seen;
}

// A thread's libraries are memory of its own: ten megabytes for one that checks data.
it('the thread that writes files loads nothing but Node.js and some code of ours', () => {
  const worker = join(import.meta.dirname, '../../../src/transfer/files/write-worker.ts');
  const modules = [...loaded(worker)];
  expect(modules.some((each) => each.endsWith('lane-writer.ts'))).toBe(true);
  expect(modules.filter((each) => !each.startsWith('/') && !each.startsWith('node:'))).toEqual([]);
});
