import { afterAll, afterEach, beforeAll } from 'vitest';
import { startMariadb, type Mariadb } from './mariadb.ts';
import { type Source, type SourceOptions, startSource } from './source/index.ts';
import { startWall, type Wall, type WallRules } from './wall.ts';

export interface SourcesOfFile {
  readonly start: (options?: SourceOptions) => Promise<Source>;
  /** Puts a firewall in front of a source. */
  readonly behind: (source: Source, rules: WallRules) => Promise<Wall>;
}

/** Sources with a few posts on one database server for all tests of a file; each ends with its test. Call it at the file's top. */
export function sourcesOfFile(): SourcesOfFile {
  let mariadb: Mariadb;
  const opened: { stop(): Promise<void> }[] = [];
  beforeAll(async () => {
    mariadb = await startMariadb();
  });
  afterEach(async () => {
    for (const each of opened.splice(0).toReversed()) await each.stop();
  });
  afterAll(() => mariadb.stop());
  const opening = <T extends { stop(): Promise<void> }>(each: T): T => {
    opened.push(each);
    return each;
  };
  return {
    start: async (options = {}) => opening(await startSource({ posts: 3, mariadb, ...options })),
    behind: async (source, rules) => opening(await startWall(source, rules)),
  };
}
