import { createSiteClient } from '../../src/site/client.ts';
import { workContext } from '../../test/support/work.ts';
import { never, pair, readOf } from '../../test/support/migrator.ts';
import type { Source } from '../../test/support/source/index.ts';
import { createHome } from '../home.ts';
import { startLargeSource } from '../large/site.ts';
import { median, seconds } from '../measure.ts';
import type { Row } from '../table.ts';

const RUNS = 3;
const CHANGED = 50;

/**
 * The plan of a restore of the large site, of which some rows changed, beside one plain read of its tables through the plugin: the
 * plan compares all of the clone with its baseline, and all of the live site by digests.
 */
export async function restoreRows(): Promise<Row[]> {
  const source = await startLargeSource();
  const home = createHome();
  try {
    const { id } = await home.clone(source);
    await source.query(`UPDATE wp_postmeta SET meta_value = 'live' ORDER BY meta_id LIMIT ${CHANGED}`);
    const [plans, reads, peaks]: [number[], number[], number[]] = [[], [], []];
    for (let run = 0; run < RUNS; run++) {
      const plan = await home.plan(id);
      plans.push(plan.seconds);
      peaks.push(plan.peak);
      reads.push(await seconds(() => readAll(source)));
    }
    return [
      {
        what: `plan of a restore of the large site, ${CHANGED} rows changed`,
        ours: `${median(plans).toFixed(2)} s, the whole command; ${Math.max(...peaks).toFixed(0)} MB at most`,
        beside: `${median(reads).toFixed(2)} s, one read of its tables through the plugin`,
        ratio: `${(median(plans) / median(reads)).toFixed(2)} × one read`,
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
