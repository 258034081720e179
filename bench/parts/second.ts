import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { startMariadb, type Mariadb } from '../../test/support/mariadb.ts';
import type { Source } from '../../test/support/source/index.ts';
import { makeTemp, run } from '../../test/support/temp.ts';
import { createHome, type Cloned } from '../home.ts';
import { UPLOADS, uploadPath } from '../large/rows.ts';
import { SERVER_SETTINGS, startLargeSource } from '../large/site.ts';
import { median, seconds } from '../measure.ts';
import type { Row } from '../table.ts';

const RUNS = 5;
const CHANGED_ROWS = 50;
const CHANGED_FILES = 10;

/**
 * Another clone of a large site, beside what a person with a shell on both ends would do who had made a copy before: `mysqldump | mysql`
 * into a new database and `rsync` over the folder of the last copy, turn by turn. Once while the first clone is there, and once
 * after it was deleted, where its rows were kept.
 */
export async function secondRows(): Promise<Row[]> {
  const source = await startLargeSource();
  const target = await startMariadb({ settings: SERVER_SETTINGS });
  const living = createHome();
  const deleted = createHome({ WPCLONE_KEEP_ROWS: 'a-day' });
  try {
    await living.clone(source);
    await deleted.clone(source);
    await deleted.deleteAll();
    const byHand = prepareByHand(source, target);
    await byHand();
    const rows: Row[] = [];
    for (const [what, change] of [
      ['unchanged', async () => undefined],
      [`${CHANGED_ROWS} rows and ${CHANGED_FILES} files changed`, (round: number) => changeSome(source, round)],
    ] as const) {
      const rounds: { theirs: number; beside: Cloned; after: Cloned }[] = [];
      for (let round = 0; round < RUNS; round++) {
        await change(round);
        const theirs = await byHand();
        const beside = await living.clone(source);
        await living.delete(beside.id);
        const after = await deleted.clone(source);
        await deleted.deleteAll();
        rounds.push({ theirs, beside, after });
      }
      for (const [where, key] of [
        ['beside the first', 'beside'],
        ['after the first was deleted', 'after'],
      ] as const) {
        const moved = rounds.at(-1)?.[key].transferred;
        rows.push({
          what: `large site, second clone, ${where}, ${what}`,
          ours: `${median(rounds.map((round) => round[key].seconds)).toFixed(2)} s (${moved?.rows_moved} rows, ${moved?.files_moved} files moved)`,
          beside: `${median(rounds.map(({ theirs }) => theirs)).toFixed(2)} s, mysqldump \\| mysql beside rsync`,
          ratio: `${median(rounds.map((round) => round[key].seconds / round.theirs)).toFixed(2)} × by hand`,
        });
      }
    }
    return rows;
  } finally {
    await living.remove();
    await deleted.remove();
    await target.stop();
    await source.stop();
  }
}

/** In places all over the tables, as in a site that people work with. */
async function changeSome(source: Source, round: number): Promise<void> {
  await source.query(
    `UPDATE wp_posts SET post_content = CONCAT(post_content, ' ${round}') WHERE post_type = 'post' AND ID % 400 = ${round} LIMIT ${CHANGED_ROWS}`,
  );
  for (let index = 0; index < CHANGED_FILES; index++)
    appendFileSync(join(source.content, 'uploads', uploadPath((index * 391 + round) % UPLOADS)), 'x');
}

function prepareByHand(source: Source, target: Mariadb): () => Promise<number> {
  const www = join(makeTemp('by-hand'), 'www');
  mkdirSync(www);
  const shell = (line: string) => run(['bash', '-o', 'pipefail', '-c', line]);
  const database = `mysqldump --no-defaults -uroot -S ${source.mariadb.socket} --single-transaction ${source.database.name} | mysql --no-defaults -uroot -S ${target.socket} second`;
  const files = `rsync -a --delete ${source.docroot}/ ${www}/`;
  return () =>
    seconds(async () => {
      await target.query('CREATE OR REPLACE DATABASE second');
      await Promise.all([shell(database), shell(files)]);
    });
}
