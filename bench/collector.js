import { writeFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** For `node --import`: writes at the end, to the file that WPCLONE_BENCH_COLLECTOR names, how many seconds the garbage collector took of the
 * main thread and how many of the processors the whole process took. Processes that it starts write nothing. In JavaScript: taking the types out
 * of TypeScript would count as the command's memory. */
const file = process.env['WPCLONE_BENCH_COLLECTOR'];
if (isMainThread && file !== undefined) {
  delete process.env['WPCLONE_BENCH_COLLECTOR'];
  let milliseconds = 0;
  const count = (pauses) => {
    for (const { duration } of pauses) milliseconds += duration;
  };
  const observer = new PerformanceObserver((list) => count(list.getEntries()));
  observer.observe({ entryTypes: ['gc'] });
  process.on('exit', () => {
    count(observer.takeRecords());
    const { user, system } = process.cpuUsage();
    writeFileSync(file, JSON.stringify({ collected: milliseconds / 1000, processor: (user + system) / 1e6 }));
  });
}
