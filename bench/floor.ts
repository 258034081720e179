import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Mariadb } from '../test/support/mariadb.ts';
import type { Source } from '../test/support/source/index.ts';
import { makeTemp, run } from '../test/support/temp.ts';
import { seconds } from './measure.ts';

let runs = 0;

/**
 * What a person with a shell on both ends would do: `mysqldump | mysql` beside `tar | tar`, into a new database and a new
 * folder. Seconds until both are done; nothing is rewritten, configured or checked. The folder goes to `left`, for the caller to remove.
 */
export async function floor(source: Source, target: Mariadb, left: string[]): Promise<number> {
  const name = `floor_${++runs}`;
  const folder = makeTemp('floor');
  left.push(folder);
  const into = join(folder, 'www');
  mkdirSync(into);
  await target.query(`CREATE DATABASE ${name}`);
  const database = `mysqldump --no-defaults -uroot -S ${source.mariadb.socket} --single-transaction ${source.database.name} | mysql --no-defaults -uroot -S ${target.socket} ${name}`;
  const files = `tar -C ${source.docroot} -cf - . | tar -C ${into} -xf -`;
  try {
    return await seconds(() => Promise.all([shell(database), shell(files)]));
  } finally {
    await target.query(`DROP DATABASE ${name}`);
  }
}

const shell = (line: string): Promise<string> => run(['bash', '-o', 'pipefail', '-c', line]);
