import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';

/** What these measure (time, memory) would be another thing's if that ran beside them. */
const ALONE = [
  'test/integration/instance-apart.test.ts',
  'test/integration/transfer-memory.test.ts',
  'test/e2e/agent-recovery.test.ts',
  'test/cluster/provision.test.ts',
];

/** They put something in the place of a module (vi.mock), which nobody else may have loaded before, nor get afterwards. */
const MOCKING = [
  'test/unit/agent/power-cut.test.ts',
  'test/unit/commits.test.ts',
  'test/unit/transfer/store.test.ts',
  'test/integration/leftovers.test.ts',
];

const project = (
  name: string,
  testTimeout: number,
  more: TestProjectInlineConfiguration['test'] = {},
): TestProjectInlineConfiguration => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: 240_000,
    // What is waited for comes within a moment, but not on a busy machine: the default is one second.
    expect: { poll: { timeout: 30_000 } },
    ...more,
  },
});

/**
 * Tests of real parts (database servers, browsers, a cluster), which wait more than they compute: two files at once, each with its own
 * ports, folders, servers and namespace. Those that measure come after them, one by one, in a project of their own.
 */
const beside = (name: string, testTimeout: number, groupOrder: number): TestProjectInlineConfiguration[] => [
  project(name, testTimeout, {
    exclude: [...ALONE, ...MOCKING],
    maxWorkers: 2,
    isolate: false,
    sequence: { groupOrder },
  }),
  project(`${name}-alone`, testTimeout, {
    include: [...ALONE, ...MOCKING].filter((file) => file.startsWith(`test/${name}/`)),
    fileParallelism: false,
    sequence: { groupOrder: groupOrder + 1 },
  }),
];
const oneByOne = { fileParallelism: false, sequence: { groupOrder: 3 } };

/**
 * Without isolation: nothing of ours happens at import, so that all files of a worker share what was loaded. Loading it for each took
 * more than half of the unit tests' processor time, and two and a half seconds of each other file's.
 */
export default defineConfig({
  test: {
    projects: [
      project('unit', 60_000, { maxWorkers: 2, isolate: false, exclude: MOCKING }),
      project('unit-alone', 60_000, {
        maxWorkers: 2,
        include: MOCKING.filter((file) => file.startsWith('test/unit/')),
      }),
      ...beside('integration', 180_000, 1),
      ...beside('e2e', 180_000, 1),
      ...beside('cluster', 300_000, 1),
      // Long and by chance: what a thousand rounds find and ten do not. Not in CI.
      project('stress', 1_800_000, oneByOne),
      // Sources of other releases of Debian: made once on a machine, which takes minutes.
      project('matrix', 1_200_000, { ...oneByOne, hookTimeout: 1_200_000, globalSetup: ['test/matrix/setup.ts'] }),
    ],
  },
});
