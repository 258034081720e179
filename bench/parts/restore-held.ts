import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { applyStaged, stageChanges } from '../../src/restore/write/write.ts';
import { installMigrator, never } from '../../test/support/migrator.ts';
import { changesOf, keyed, postMeta, restoreKey, rowsOf, writeClient } from '../../test/support/restore.ts';
import type { Source } from '../../test/support/source/index.ts';
import { run } from '../../test/support/temp.ts';
import { startLargeSource } from '../large/site.ts';
import { median, seconds } from '../measure.ts';
import type { Row } from '../table.ts';

const RUNS = 5;
/** Rows that are written: three quarters posts, the rest meta data. */
const ROWS = 2_000;

/**
 * For how long a live site is held while 2,000 of its rows change: by a restore, by its receipt; by importing a dump of the clone, as
 * `wp db import` does it; and by the last step of tools that load a copy beside the tables and then drop and rename each of them.
 */
export async function restoreHeldRows(): Promise<Row[]> {
  const source = await startLargeSource();
  try {
    const held = await heldByRestores(source);
    const file = join(source.mariadb.folder, 'clone.sql');
    const login = ['--no-defaults', '-uroot', '-S', source.mariadb.socket];
    await run(['sh', '-c', `mariadb-dump ${login.join(' ')} ${source.database.name} > ${file}`]);
    const imported = await seconds(() =>
      run(['sh', '-c', `mariadb ${login.join(' ')} ${source.database.name} < ${file}`]),
    );
    rmSync(file);
    const renamed = await heldByRenames(source);
    const ours = `${median(held).toFixed(0)} ms, ${Math.max(...held).toFixed(0)} at most`;
    const what = `a live site is held for ${ROWS} changed rows`;
    return [
      {
        what,
        ours,
        beside: `${(imported * 1000).toFixed(0)} ms, the dump imported`,
        ratio: `${(median(held) / imported / 1000).toFixed(3)} ×`,
      },
      {
        what,
        ours,
        beside: `${renamed.toFixed(0)} ms, tables dropped and renamed`,
        ratio: `${(median(held) / renamed).toFixed(2)} ×`,
      },
    ];
  } finally {
    await source.stop();
  }
}

async function heldByRestores(source: Source): Promise<number[]> {
  const access = await installMigrator(source);
  const held: number[] = [];
  for (let turn = 0; turn < RUNS; turn += 1) {
    const key = await restoreKey(source);
    const client = writeClient(access, key);
    const posts = await rowsOf(source, 'wp_posts', `ORDER BY ID LIMIT ${(ROWS * 3) / 4}`);
    const meta = await rowsOf(source, 'wp_postmeta', `ORDER BY meta_id LIMIT ${ROWS / 4}`);
    const changes = changesOf([
      keyed('wp_posts', 'ID', {
        updates: posts.map(({ ID = null, post_content: text = null }) => ({
          item: 0,
          key: { ID },
          before: { post_content: text },
          after: { post_content: `${text} ${turn}` },
        })),
      }),
      postMeta(
        meta.map(({ post_id: owner = null }, at) => ({
          item: 0,
          owner,
          name: `bench_${turn}_${at}`,
          before: [],
          after: ['new'],
        })),
      ),
    ]);
    await stageChanges(client, changes, { signal: never });
    const { applied } = await applyStaged(client, never);
    held.push(applied?.heldMilliseconds ?? Number.NaN);
    await client.accept(never);
    await client.finish(never);
    await client.close();
  }
  return held;
}

/** Milliseconds from the first table that is dropped to the last that has its name. */
async function heldByRenames(source: Source): Promise<number> {
  const rows = await source.query('SHOW TABLES');
  const names = rows.map((row) => String(Object.values(row)[0]));
  for (const name of names) {
    await source.query(`CREATE TABLE _mig_${name} LIKE ${name}`);
    await source.query(`INSERT INTO _mig_${name} SELECT * FROM ${name}`);
  }
  const steps = names.map((name) => `DROP TABLE ${name}; RENAME TABLE _mig_${name} TO ${name};`).join('\n');
  return (
    (await seconds(() => source.mariadb.script(`SET foreign_key_checks = 0;\n${steps}`, source.database.name))) * 1000
  );
}
