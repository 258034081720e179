import { globMatcher } from '../glob.ts';
import type { SiteInfo, TableInfo } from '../../site/info.ts';
import type { Spelling } from './spelling.ts';
import { LONGEST_DEFINITION, tokenize, unquoteName } from './sql-tokens.ts';

/** What of the tables and views without the site's prefix is copied. */
export interface Others {
  readonly tables: readonly TableInfo[];
  readonly views: SiteInfo['views'];
  /** Names of what is left out. */
  readonly leftOut: readonly string[];
}

/**
 * Chooses among what has not the site's prefix and belongs to no other WordPress: what a pattern names, and what views, triggers
 * and foreign keys of the site do not work without.
 */
export function selectOthers(info: SiteInfo, include: readonly string[], spell: Spelling['name']): Others {
  const globs = include.map(globMatcher);
  const { tables, views, names } = info.others ?? { tables: [], views: [], names: [] };
  const definitions = new Map([...tables, ...views].map(({ name, definition }) => [name, definition]));
  const chosen = new Set([...definitions.keys()].filter((name) => globs.some((glob) => glob(name))));
  const needs = [
    ...info.views.map(({ definition }) => definition),
    ...info.triggers.map(({ definition }) => definition),
    ...info.tables.map(({ definition }) => definition).filter((text) => text.includes('REFERENCES')),
    ...[...chosen].map((name) => definitions.get(name) ?? ''),
  ];
  // What is needed may itself need others.
  for (let text = needs.shift(); text !== undefined && definitions.size > chosen.size; text = needs.shift())
    for (const name of namesIn(text).map(spell))
      if (definitions.has(name) && !chosen.has(name)) {
        chosen.add(name);
        needs.push(definitions.get(name) ?? '');
      }
  return {
    tables: tables.filter(({ name }) => chosen.has(name)),
    views: views.filter(({ name }) => chosen.has(name)),
    leftOut: [...[...definitions.keys()].filter((name) => !chosen.has(name)), ...names],
  };
}

/** All that may be the name of a table in SQL text. */
function namesIn(text: string): string[] {
  if (text.length > LONGEST_DEFINITION) return [];
  return tokenize(text)
    .filter(({ kind }) => kind === 'name' || kind === 'word')
    .map(unquoteName);
}
