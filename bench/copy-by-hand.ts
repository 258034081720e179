import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Mariadb } from '../test/support/mariadb.ts';
import type { Source } from '../test/support/source/index.ts';
import { makeTemp, run } from '../test/support/temp.ts';
import { seconds } from './measure.ts';
import { replaceInDatabase } from './php-replace.ts';

let runs = 0;

/** Seconds that a copy by hand took. */
export interface ByHand {
  readonly copied: number;
  /** The copy, and then its addresses replaced in the database: what a copy needs before it can be looked at. */
  readonly replaced: number;
}

/**
 * What a person with a shell on both ends would do: `mysqldump | mysql` beside `tar | tar`, into a new database and a new folder; then
 * search and replace. Nothing is configured or checked. The folder goes to `left`, for the caller to remove.
 */
export async function copyByHand(source: Source, target: Mariadb, left: string[]): Promise<ByHand> {
  const name = `by_hand_${++runs}`;
  const folder = makeTemp('by-hand');
  left.push(folder);
  const into = join(folder, 'www');
  mkdirSync(into);
  await target.query(`CREATE DATABASE ${name}`);
  const database = `mysqldump --no-defaults -uroot -S ${source.mariadb.socket} --single-transaction ${source.database.name} | mysql --no-defaults -uroot -S ${target.socket} ${name}`;
  const files = `tar -C ${source.docroot} -cf - . | tar -C ${into} -xf -`;
  try {
    const copied = await seconds(() => Promise.all([shell(database), shell(files)]));
    const replacing = replaceInDatabase(target, name, { from: source.url, to: CLONE_URL });
    return { copied, replaced: copied + replacing };
  } finally {
    await target.query(`DROP DATABASE ${name}`);
  }
}

/** As long as the address of a clone on this machine. */
const CLONE_URL = 'http://127.0.0.1:8101';

const shell = (line: string): Promise<string> => run(['bash', '-o', 'pipefail', '-c', line]);
