import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSiteClient } from '../../src/site/client.ts';
import { workContext } from '../../test/support/work.ts';
import { never, pair, readOf } from '../../test/support/migrator.ts';
import type { Source } from '../../test/support/source/index.ts';
import type { Ran } from '../command.ts';
import { createHome } from '../home.ts';
import { startLargeSource } from '../large/site.ts';
import { median, seconds } from '../measure.ts';
import type { Row } from '../table.ts';

const RUNS = 3;
const CHANGED = 50;
/** In the clone: other posts each time, and none of those that changed on the live site. */
const CHANGE = `<?php require __DIR__ . '/wp-load.php';
$wpdb->query( $wpdb->prepare( "UPDATE $wpdb->posts SET post_content = CONCAT( post_content, ' changed' )
  WHERE post_type = 'post' AND ID > 2000 AND ID % 97 = %d LIMIT ${CHANGED}", $_GET['turn'] ) );`;

/**
 * The plan of a restore of the large site, of which some rows changed, beside one plain read of its tables through the plugin: the
 * plan compares all of the clone with its baseline, and all of the live site by digests.
 */
export async function restoreRows(): Promise<Row[]> {
  const source = await startLargeSource();
  const home = createHome();
  try {
    const { id, url } = await home.clone(source);
    await source.query(`UPDATE wp_postmeta SET meta_value = 'live' ORDER BY meta_id LIMIT ${CHANGED}`);
    const [plans, reads]: [Ran[], number[]] = [[], []];
    for (let run = 0; run < RUNS; run++) {
      plans.push(await home.plan(id));
      reads.push(await seconds(() => readAll(source)));
    }
    writeFileSync(join(home.documentRoot(), 'change.php'), CHANGE);
    const restores: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      await fetch(new URL(`/change.php?turn=${run}`, url)).then((answer) => answer.text());
      restores.push((await home.restore(id, source)).seconds);
    }
    const times = plans.map(({ seconds: time }) => time);
    const most = (of: (plan: Ran) => number): number => Math.max(...plans.map(of));
    const memory = `${most(({ peak }) => peak).toFixed(0)} MB at most`;
    const work = `${median(plans.map(({ processor }) => processor)).toFixed(1)} s of the processors`;
    const collector = `${(most((plan) => plan.collector) * 100).toFixed(1)} % of the time in the garbage collector`;
    return [
      {
        what: `plan of a restore of the large site, ${CHANGED} rows changed`,
        ours: `${median(times).toFixed(2)} s, the whole command; ${memory}, ${work}, ${collector}`,
        beside: `${median(reads).toFixed(2)} s, one read of its tables through the plugin`,
        ratio: `${(median(times) / median(reads)).toFixed(2)} × one read`,
      },
      {
        what: `a restore of ${CHANGED} changed posts to the large site, all of it`,
        ours: `${median(restores).toFixed(2)} s (goal: 10 s)`,
        beside: '',
        ratio: '',
      },
    ];
  } finally {
    await home.remove();
    await source.stop();
  }
}

async function readAll(source: Source): Promise<void> {
  const client = createSiteClient(await pair(source), { ...workContext(), retry: () => undefined });
  try {
    const { tables } = await client.info(never);
    for await (const block of client.rows(tables.map(readOf), never)) if (block.data.length === 0) continue;
  } finally {
    await client.close();
  }
}
