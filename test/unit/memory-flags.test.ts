import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { MEMORY_FLAGS } from '../../src/shared/memory-flags.ts';

it('an agent’s jobs run with the flags of the command', () => {
  const code = readFileSync(join(import.meta.dirname, '../../bin/run.js'), 'utf8');
  const [first = ''] = code.split('\n');
  const set = [...code.matchAll(/^ *setFlagsFromString\('(.+)'\);$/gm)].map(([, flag]) => flag);
  expect([...first.split(' ').filter((word) => word.startsWith('--')), ...set]).toEqual(MEMORY_FLAGS);
  // Linux reads no more of it (linux/binfmts.h, BINPRM_BUF_SIZE).
  expect(first.length).toBeLessThan(256);
});

it('so does the sidecar of a pod, whose code is compiled in the image with the same flags', () => {
  const file = (name: string) => readFileSync(join(import.meta.dirname, '../../templates/image', name), 'utf8');
  const [, flags = ''] = /WPCLONE_NODE_FLAGS="([^"]+)"/.exec(file('Dockerfile')) ?? [];
  expect(flags.split(' ')).toEqual(MEMORY_FLAGS);
  expect(file('Dockerfile')).toMatch(/RUN node \$WPCLONE_NODE_FLAGS -e "import\('\/opt\/wpclone\/dist\/sidecar/);
  expect(file('entrypoint.sh')).toMatch(
    /sidecar\) exec .*node \$WPCLONE_NODE_FLAGS \/opt\/wpclone\/dist\/sidecar\/main\.js/,
  );
});

it('the command begins on a kernel that reads the beginning of its first line only', () => {
  const first = readFileSync(join(import.meta.dirname, '../../bin/run.js'), 'utf8').slice(0, 127);
  const read = first.split(' ').filter((word) => word.startsWith('--'));
  expect(read.filter((flag) => !new Set<string>(MEMORY_FLAGS).has(flag))).toEqual([]);
});

it('whoever has an old Node.js is told so, however the command is started: the first line has flags only that it knows too', () => {
  const [first = ''] = readFileSync(join(import.meta.dirname, '../../bin/run.js'), 'utf8').split('\n');
  // What Node.js 20 knows (--v8-options).
  const known = [
    '--max-semi-space-size',
    '--min-semi-space-size',
    '--liftoff-only',
    '--initial-heap-size',
    '--heap-growing-percent',
    '--no-parallel-scavenge',
  ];
  const flags = first.split(' ').filter((word) => word.startsWith('--'));
  expect(flags.filter((flag) => !known.includes(flag.replace(/=.*/, '')))).toEqual([]);
});
