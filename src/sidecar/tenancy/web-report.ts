import type { Look } from '../../instance/types.ts';

const MASTER = 'php-fpm: master process';
const WORKER = 'php-fpm: pool www';

/**
 * What the web container says of itself (the image's entrypoint.sh): each process with its parent, and what lies in the folders that it
 * can write to and that the sidecar does not see.
 */
export function readWebReport(report: string): Pick<Look, 'processes' | 'web-tmp'> {
  const lines = report.split('\n');
  const processes = lines.flatMap((line) => {
    const [, pid, parent, words] = /^process (\d+) (\d+) (.*)$/.exec(line) ?? [];
    return pid === undefined || parent === undefined ? [] : [{ pid, parent, words: (words ?? '').trim() }];
  });
  const masters = new Set(processes.filter(({ words }) => words.startsWith(MASTER)).map(({ pid }) => pid));
  // One that was begun a moment ago still has its master's words.
  const isWorker = ({ parent, words }: (typeof processes)[number]): boolean =>
    masters.has(parent) && (words === WORKER || words.startsWith(MASTER));
  const wordsOf = new Map(processes.map(({ pid, words }) => [pid, words]));
  return {
    // How many of its workers there are changes by itself; those of anybody else do not.
    processes: processes
      .filter((each) => !isWorker(each))
      .map(({ parent, words }) => `${words}, begun by ${wordsOf.get(parent) ?? 'nobody'}`),
    'web-tmp': lines.filter((line) => line.startsWith('left ')).map((line) => line.slice('left '.length)),
  };
}
