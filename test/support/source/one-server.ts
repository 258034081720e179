import { afterAll, beforeAll } from 'vitest';
import { startMariadb, type Mariadb } from '../mariadb.ts';
import { startSource, type Source, type SourceOptions } from './index.ts';

/** Starts sources on one database server for all tests of a file: to start one takes longer than most of them. */
export function sourcesOnOneServer(): (options?: SourceOptions) => Promise<Source> {
  let mariadb: Mariadb;
  beforeAll(async () => {
    mariadb = await startMariadb();
  });
  afterAll(() => mariadb.stop());
  return (options = {}) => startSource({ mariadb, ...options });
}
