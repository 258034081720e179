import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startMariadb, type Mariadb } from '../../test/support/mariadb.ts';
import type { Source } from '../../test/support/source/index.ts';
import { makeTemp, run } from '../../test/support/temp.ts';
import { createHome, type Home } from '../home.ts';
import { SERVER_SETTINGS, startLargeSource } from '../large/site.ts';
import { median, seconds } from '../measure.ts';
import type { Row } from '../table.ts';

const RUNS = 5;
const CHANGED_FILES = 10;

/**
 * A reset of a clone of the large site beside what a person would do who had kept a dump and a folder: drop, `mysql < dump`, and
 * `rsync --delete` (or `rm` and `cp`, without it), turn by turn. The clone's tables were kept as files a moment after it was made.
 */
export async function resetRows(): Promise<Row[]> {
  const source = await startLargeSource();
  const target = await startMariadb({ settings: SERVER_SETTINGS });
  const home = createHome();
  try {
    const { id } = await home.clone(source);
    const tables = await keptTables(home);
    const byHand = await prepareByHand(source, target);
    const rounds: { ours: number; theirs: number }[] = [];
    for (let round = 0; round < RUNS; round++) {
      spoil(home.documentRoot());
      rounds.push({ theirs: await byHand(), ours: (await home.reset(id)).seconds });
    }
    const ours = median(rounds.map((round) => round.ours));
    const gigabytes = (tables + sizeOf(home.documentRoot())) / 1e9;
    return [
      {
        what: 'large site, reset',
        ours: `${ours.toFixed(2)} s (${(ours / gigabytes).toFixed(2)} s per GB of ${gigabytes.toFixed(2)})`,
        beside: `${median(rounds.map((round) => round.theirs)).toFixed(2)} s, mysql < dump beside rsync --delete`,
        ratio: `${median(rounds.map((round) => round.ours / round.theirs)).toFixed(2)} × by hand`,
      },
    ];
  } finally {
    await home.remove();
    await target.stop();
    await source.stop();
  }
}

/** Waits until the keeper has made the files, and returns their bytes. */
async function keptTables({ folder }: Home): Promise<number> {
  const tables = join(folder, 'mariadb/tables');
  const made = () =>
    existsSync(tables) && readdirSync(tables).find((name) => existsSync(join(tables, name, 'index.json')));
  while (!made()) await sleep(100);
  return sizeOf(join(tables, made() || ''));
}

function sizeOf(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** Changes some files; to a reset rows that changed are as good as rows that did not. */
function spoil(documentRoot: string): void {
  for (let index = 0; index < CHANGED_FILES; index++)
    writeFileSync(join(documentRoot, `wp-includes/spoiled-${index}.php`), '<?php');
}

async function prepareByHand(source: Source, target: Mariadb): Promise<() => Promise<number>> {
  const folder = makeTemp('by-hand');
  const [dump, kept, www] = ['dump.sql', 'kept', 'www'].map((name) => join(folder, name));
  mkdirSync(`${www}`);
  const shell = (line: string) => run(['bash', '-o', 'pipefail', '-c', line]);
  const { socket } = source.mariadb;
  await shell(`mysqldump --no-defaults -uroot -S ${socket} --single-transaction ${source.database.name} > ${dump}`);
  await shell(`cp -a ${source.docroot} ${kept}; cp -a ${kept}/. ${www}`);
  const files = `command -v rsync >/dev/null && rsync -a --delete ${kept}/ ${www}/ || { rm -rf ${www} && cp -a ${kept} ${www}; }`;
  const database = `mysql --no-defaults -uroot -S ${target.socket} reset < ${dump}`;
  return () =>
    seconds(async () => {
      await target.query('CREATE OR REPLACE DATABASE reset');
      await Promise.all([shell(database), shell(files)]);
    });
}
