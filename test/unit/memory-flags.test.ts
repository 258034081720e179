import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MEMORY_FLAGS } from '../../src/shared/memory-flags.ts';

it('an agent’s jobs run with the flags of the command', () => {
  const [first = ''] = readFileSync(join(import.meta.dirname, '../../bin/run.js'), 'utf8').split('\n');
  expect(first.split(' ').filter((word) => word.startsWith('--'))).toEqual(MEMORY_FLAGS);
});
