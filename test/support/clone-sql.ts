import { join } from 'node:path';
import { databaseName } from '../../src/runtime/local/databases.ts';
import type { CommandLine } from './cli.ts';
import { run } from './temp.ts';

/** Statements on the database of the only clone in the home of `cli`. */
export function sqlOfClone({ home, cloneFolder }: Pick<CommandLine, 'home' | 'cloneFolder'>, sql: string) {
  const unit = cloneFolder().split('/').at(-1) ?? '';
  return run(['mariadb', `--defaults-file=${join(home, 'mariadb/administrator.cnf')}`, databaseName(unit)], sql);
}
