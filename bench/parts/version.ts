import { execFileSync } from 'node:child_process';
import { wpclone } from '../command.ts';
import { median, seconds } from '../measure.ts';
import type { Row } from '../table.ts';

const RUNS = 15;

/** `wpclone --version` beside the start of Node.js itself. */
export async function versionRows(): Promise<Row[]> {
  const ours: number[] = [];
  const node: number[] = [];
  for (let run = 0; run < RUNS; run++) {
    ours.push((await wpclone(['--version'], {})).seconds);
    node.push(await seconds(() => execFileSync(process.execPath, ['-e', '0'])));
  }
  const milliseconds = (values: readonly number[]): string => `${(median(values) * 1000).toFixed(0)} ms`;
  return [
    {
      what: 'wpclone --version',
      ours: milliseconds(ours),
      beside: `${milliseconds(node)}, node -e 0`,
      ratio: `${(median(ours) / median(node)).toFixed(2)} ×`,
    },
  ];
}
