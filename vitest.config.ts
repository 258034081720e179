import { defineConfig } from 'vitest/config';

const project = (name: string, testTimeout: number) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout,
    hookTimeout: 240_000,
    // What is waited for comes within a moment, but not on a busy machine: the default is one second.
    expect: { poll: { timeout: 30_000 } },
    // The real parts (database servers, browsers, a cluster) share two cores: files run one after another.
    fileParallelism: name === 'unit',
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 60_000),
      project('integration', 180_000),
      project('e2e', 180_000),
      project('cluster', 300_000),
      // Long and by chance: what a thousand rounds find and ten do not. Not in CI.
      project('stress', 1_800_000),
      // Sources of other releases of Debian: made once on a machine, which takes minutes.
      { test: { ...project('matrix', 1_200_000).test, hookTimeout: 1_200_000, globalSetup: ['test/matrix/setup.ts'] } },
    ],
  },
});
