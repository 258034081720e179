import { rmSync } from 'node:fs';
import { startMariadb } from '../../test/support/mariadb.ts';
import { startSource, type Source } from '../../test/support/source/index.ts';
import { floor } from '../floor.ts';
import { createHome, type Cloned } from '../home.ts';
import { SERVER_SETTINGS, startLargeSource } from '../large/site.ts';
import { median } from '../measure.ts';
import type { Row } from '../table.ts';

const RUNS = 5;

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
    await floor(source, target, left);
    const rounds: { floor: number; first: Cloned; second: Cloned }[] = [];
    for (let run = 0; run < RUNS; run++) {
      rounds.push({ floor: await floor(source, target, left), ...(await firstAndSecond(source, left)) });
    }
    const floors = median(rounds.map((round) => round.floor));
    const row = (what: string, key: 'first' | 'second'): Row => {
      const time = median(rounds.map((round) => round[key].seconds));
      return {
        what,
        ours: `${time.toFixed(2)} s`,
        beside: `${floors.toFixed(2)} s, mysqldump \\| mysql beside tar \\| tar`,
        ratio: `${median(rounds.map((round) => round[key].seconds / round.floor)).toFixed(2)} × the floor`,
      };
    };
    const all = rounds.flatMap(({ first, second }) => [first, second]);
    const peak = Math.max(...all.map((each) => each.peak));
    const collector = Math.max(...all.map((each) => each.collector));
    const processor = (key: 'first' | 'second') => median(rounds.map((round) => round[key].processor)).toFixed(1);
    return [
      row('large site, first clone', 'first'),
      row('large site, second clone', 'second'),
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
