import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MEMORY_FLAGS } from '../../src/shared/memory-flags.ts';

it('an agent’s jobs run with the flags of the command', () => {
  const [first = ''] = readFileSync(join(import.meta.dirname, '../../bin/run.js'), 'utf8').split('\n');
  expect(first.split(' ').filter((word) => word.startsWith('--'))).toEqual(MEMORY_FLAGS);
});

it('the command begins on a kernel that reads the beginning of its first line only', () => {
  const first = readFileSync(join(import.meta.dirname, '../../bin/run.js'), 'utf8').slice(0, 127);
  const read = first.split(' ').filter((word) => word.startsWith('--'));
  expect(read.filter((flag) => !new Set<string>(MEMORY_FLAGS).has(flag))).toEqual([]);
});
