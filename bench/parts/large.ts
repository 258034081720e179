import { rmSync } from 'node:fs';
import { startMariadb } from '../../test/support/mariadb.ts';
import { startSource, type Source } from '../../test/support/source/index.ts';
import { type ByHand, copyByHand } from '../copy-by-hand.ts';
import { createHome, type Cloned } from '../home.ts';
import { SERVER_SETTINGS, startLargeSource } from '../large/site.ts';
import { median } from '../measure.ts';
import type { Row } from '../table.ts';

const RUNS = 5;

interface Beside {
  readonly side: keyof ByHand;
  readonly tools: string;
  readonly than: string;
}
const FLOOR: Beside = { side: 'copied', tools: 'mysqldump \\| mysql beside tar \\| tar', than: 'the floor' };
const BY_HAND: Beside = { side: 'replaced', tools: 'the same, then search and replace', than: 'by hand' };

/**
 * A large site beside the floor, turn by turn. Each first clone finds a database server that runs, but knows nothing of the
 * source: it logs in, installs the plugin, copies everything. The second finds the plugin and the files of the first.
 *
 * All folders stay until the end: for half a minute after thousands of files were removed ext4 passes over each of their places
 * whenever a file is made near them, which may cost either side a second or two.
 */
export async function largeRows(): Promise<Row[]> {
  const source = await startLargeSource();
  const target = await startMariadb({ settings: SERVER_SETTINGS });
  const left: string[] = [];
  try {
    await copyByHand(source, target, left);
    const rounds: { hand: ByHand; first: Cloned; second: Cloned }[] = [];
    for (let run = 0; run < RUNS; run++) {
      rounds.push({ hand: await copyByHand(source, target, left), ...(await firstAndSecond(source, left)) });
    }
    const row = (what: string, key: 'first' | 'second', { side, tools, than }: Beside): Row => ({
      what,
      ours: `${median(rounds.map((round) => round[key].seconds)).toFixed(2)} s`,
      beside: `${median(rounds.map(({ hand }) => hand[side])).toFixed(2)} s, ${tools}`,
      ratio: `${median(rounds.map((round) => round[key].seconds / round.hand[side])).toFixed(2)} × ${than}`,
    });
    const all = rounds.flatMap(({ first, second }) => [first, second]);
    const peak = Math.max(...all.map((each) => each.peak));
    const collector = Math.max(...all.map((each) => each.collector));
    const processor = (key: 'first' | 'second') => median(rounds.map((round) => round[key].processor)).toFixed(1);
    return [
      row('large site, first clone', 'first', FLOOR),
      row('large site, first clone', 'first', BY_HAND),
      row('large site, second clone', 'second', FLOOR),
      { what: 'large site, most memory', ours: `${peak.toFixed(0)} MB`, beside: '', ratio: '' },
      {
        what: 'large site, most time in the garbage collector',
        ours: `${(collector * 100).toFixed(1)} %`,
        beside: '',
        ratio: '',
      },
      {
        what: "large site, the command's processor time",
        ours: `${processor('first')} s, second clone ${processor('second')} s`,
        beside: '',
        ratio: '',
      },
    ];
  } finally {
    await target.stop();
    await source.stop();
    for (const folder of left) rmSync(folder, { recursive: true, force: true });
  }
}

async function firstAndSecond(source: Source, left: string[]): Promise<{ first: Cloned; second: Cloned }> {
  const home = createHome();
  left.push(home.folder);
  const small = await startSource();
  try {
    // Sets up the database server; the clone stays, so that the server goes on.
    await home.clone(small);
    await small.stop();
    return { first: await home.clone(source), second: await home.clone(source) };
  } finally {
    await small.stop();
    await home.stop();
  }
}
