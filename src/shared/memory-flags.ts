/**
 * Flags of Node.js with which a transfer stays within its memory, and takes little of the processor for collecting and compiling; why each is
 * there stands in bin/run.js, whose first line cannot take them from here and has to say the same.
 */
export const MEMORY_FLAGS = [
  '--max-semi-space-size=4',
  '--min-semi-space-size=4',
  '--liftoff-only',
  '--initial-heap-size=56',
  '--heap-growing-percent=40',
  '--no-parallel-scavenge',
  '--invocation-count-for-maglev=1200',
  '--invocation-count-for-turbofan=10000',
  '--no-concurrent-array-buffer-sweeping',
] as const;
