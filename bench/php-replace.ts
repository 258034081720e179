import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Mariadb } from '../test/support/mariadb.ts';
import { phpConfig } from './php-config.ts';

/** Replaces one address by another in the posts and meta of a database, as search-and-replace tools for WordPress do. Seconds it took. */
export function replaceInDatabase(
  server: Mariadb,
  database: string,
  { from, to }: { readonly from: string; readonly to: string },
): number {
  const script = join(import.meta.dirname, 'php/rewrite-database.php');
  const args = [script, server.socket, database, phpConfig(from, to)];
  const answer: { seconds: number } = JSON.parse(
    execFileSync('php', ['-d', 'memory_limit=-1', ...args], { encoding: 'utf8' }),
  );
  return answer.seconds;
}
