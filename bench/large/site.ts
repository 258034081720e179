import { createCipheriv } from 'node:crypto';
import { createWriteStream, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { startMariadb } from '../../test/support/mariadb.ts';
import { startSource, type Source, type SourceOptions } from '../../test/support/source/index.ts';
import { run } from '../../test/support/temp.ts';
import { WEB_USER } from '../../test/support/servers.ts';
import { seeded } from '../random.ts';
import { META_COLUMNS, metaRows, POST_COLUMNS, postRows, UPLOADS, uploadPath } from './rows.ts';

/** All uploads together, in bytes. */
const UPLOAD_BYTES = 400e6;

/** The settings that wpclone gives its own server where they matter for speed, so that source, floor and clone work alike. */
export const SERVER_SETTINGS = [
  '--performance-schema=off',
  '--skip-log-bin',
  '--max-allowed-packet=1G',
  '--innodb-log-file-size=512M',
  '--innodb-log-buffer-size=64M',
  '--innodb-io-capacity=4000',
  '--innodb-buffer-pool-size=512M',
];

/** A WordPress with about 20,000 posts, 150,000 meta rows and 4,000 uploads; the same each time. */
export async function startLargeSource(options: SourceOptions = {}): Promise<Source> {
  const mariadb = await startMariadb({ settings: SERVER_SETTINGS });
  const source = await startSource({ ...options, mariadb });
  const stop = async (): Promise<void> => {
    await source.stop();
    await mariadb.stop();
  };
  try {
    await load(source, 'posts', POST_COLUMNS, postRows(source.url));
    await load(source, 'postmeta', META_COLUMNS, metaRows(source.url));
    writeUploads(join(source.content, 'uploads'));
    if (WEB_USER !== undefined) await run(['chown', '-R', `${WEB_USER}:`, join(source.content, 'uploads')]);
    // The source is a site in use, not one that is just writing back a flood of changes.
    await source.query('ANALYZE TABLE wp_posts, wp_postmeta');
    await run(['sync']);
    return { ...source, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function load(source: Source, table: string, columns: string, rows: Iterable<string>): Promise<void> {
  const file = join(source.mariadb.folder, `${table}.tsv`);
  await pipeline(Readable.from(rows), createWriteStream(file));
  await source.query(
    `LOAD DATA INFILE '${file}' INTO TABLE ${source.tablePrefix}${table} CHARACTER SET utf8mb4 (${columns})`,
  );
  rmSync(file);
}

/** Files of 20 to 180 kB that do not compress, as images do not. */
function writeUploads(folder: string): void {
  const below = seeded(23);
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
  for (let index = 0; index < UPLOADS; index++) {
    const file = join(folder, uploadPath(index));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(
      file,
      noise.update(Buffer.alloc((UPLOAD_BYTES / UPLOADS) * 0.2 + below((UPLOAD_BYTES / UPLOADS) * 1.6))),
    );
  }
}
