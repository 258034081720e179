import { mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';
import type { Source } from '../../test/support/source/index.ts';
import { startLargeSource } from '../large/site.ts';
import { median, seconds } from '../measure.ts';
import { replaceInDatabase } from '../php-replace.ts';
import type { Row } from '../table.ts';

const TO = 'http://localhost:8101';
const RUNS = 3;
const BLOCK_BYTES = 1e6;

/**
 * What rewriting adds to the copy of a large site's posts and meta: on the way through, beside a search-and-replace script over
 * the copied database. The script goes forth and back, so that it always finds as much to do.
 */
export async function tablesRows(): Promise<Row[]> {
  const source = await startLargeSource();
  try {
    const blocks = await readTables(source);
    const megabytes = blocks.reduce((sum, block) => sum + block.length, 0) / 1e6;
    const ours: number[] = [];
    const theirs: number[] = [];
    const forth = { from: source.url, to: TO };
    const back = { from: TO, to: source.url };
    for (let run = 0; run < RUNS; run++) {
      const rewriter = createRewriter({ from: [source.url], to: [TO], paths: [] });
      ours.push(await seconds(() => blocks.forEach((block) => rewriter.rows(block, { skip: new Set() }))));
      theirs.push(replaceInDatabase(source.mariadb, source.database.name, run % 2 === 0 ? forth : back));
    }
    return [
      {
        what: `rewriting the tables of the large site (${megabytes.toFixed(0)} MB)`,
        ours: `${median(ours).toFixed(2)} s, on the way through`,
        beside: `${median(theirs).toFixed(1)} s, PHP search and replace in the database, row by row`,
        ratio: `${(median(theirs) / median(ours)).toFixed(0)} × faster`,
      },
    ];
  } finally {
    await source.stop();
  }
}

/** Posts and meta in blocks of whole rows, as the migrator sends them. */
async function readTables(source: Source): Promise<Buffer[]> {
  const folder = mkdtempSync(join(source.mariadb.folder, 'tables-'));
  try {
    const blocks: Buffer[] = [];
    for (const table of ['wp_posts', 'wp_postmeta']) {
      const file = join(folder, table);
      await source.query(`SELECT * INTO OUTFILE '${file}' CHARACTER SET binary FROM ${table}`);
      blocks.push(...blocksOf(file));
    }
    return blocks;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function* blocksOf(file: string): Generator<Buffer> {
  const descriptor = openSync(file, 'r');
  for (let position = 0; ;) {
    const block = Buffer.alloc(BLOCK_BYTES);
    const length = readSync(descriptor, block, 0, BLOCK_BYTES, position);
    if (length === 0) return;
    const rows = block.subarray(0, block.lastIndexOf('\n', length - 1) + 1);
    position += rows.length;
    yield rows;
  }
}
