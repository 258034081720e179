import type { SiteInfo } from '../../site/info.ts';
import { escapedName, type WarningCollector } from '../warnings.ts';
import { mapCharset, mapCollation, type TargetServer } from './collations.ts';
import {
  hasOpenQuote,
  isWord,
  LONGEST_DEFINITION,
  quoteName,
  render,
  tokenize,
  unquoteName,
  type Token,
} from './sql-tokens.ts';
import { ownName } from './select.ts';
import { respellTrigger, respellView, type Spelling } from './spelling.ts';
import { tablesOfTrigger } from './trigger-tables.ts';

/** For which server statements are written, and how they name tables. */
export interface RoutineTarget {
  readonly server: TargetServer;
  readonly spell: Spelling;
}

export interface NamedStatement {
  readonly what: string;
  readonly sql: string;
}

/**
 * The statements that make the site's views here. Of the head nothing is kept (ALGORITHM, DEFINER, SQL SECURITY): what somebody
 * else made at the source belongs to the clone's own user.
 */
export function viewStatements(
  info: SiteInfo,
  others: SiteInfo['views'],
  target: RoutineTarget,
  warnings: WarningCollector,
): NamedStatement[] {
  return [...info.views.filter((view) => ownName(view.name, info)), ...others].flatMap((view) => {
    const what = `The view ${escapedName(view.name)}`;
    if (view.definition.length > LONGEST_DEFINITION) return refuse(what, warnings);
    const tokens = respellView(tokenize(view.definition), target.spell);
    const at = tokens.findIndex((token) => isWord(token, 'VIEW'));
    const name = tokens[at + 1];
    if (hasOpenQuote(tokens) || !isWord(tokens[0], 'CREATE') || at < 0 || !name || unquoteName(name) !== view.name)
      return refuse(what, warnings);
    const body = withoutDatabase(tokens.slice(at + 2));
    return build(what, `CREATE VIEW ${quoteName(view.name)} `, body, target.server, warnings);
  });
}

/** A server that cannot open a view (its definer is gone since the site moved) writes columns with the source's database in front. */
const withoutDatabase = (tokens: readonly Token[]): Token[] =>
  tokens.filter((_, at) => !isDatabaseOfColumn(tokens, at) && !isDatabaseOfColumn(tokens, at - 1));

const isDatabaseOfColumn = (tokens: readonly Token[], at: number): boolean =>
  [at, at + 2, at + 4].every((index) => tokens[index]?.kind === 'name') &&
  [at + 1, at + 3].every((index) => tokens[index]?.text === '.');

/**
 * The statements that make the triggers of the tables that are copied. One that uses what is not in the clone is left out: nobody
 * could write to its table.
 */
export function triggerStatements(
  info: SiteInfo,
  tables: ReadonlySet<string>,
  made: ReadonlySet<string>,
  target: RoutineTarget,
  warnings: WarningCollector,
): NamedStatement[] {
  return info.triggers
    .filter((trigger) => tables.has(trigger.table))
    .flatMap((trigger) => {
      const what = `The trigger ${escapedName(trigger.name)}`;
      if (trigger.definition.length > LONGEST_DEFINITION) return refuse(what, warnings);
      const tokens = respellTrigger(tokenize(trigger.definition), target.spell);
      const at = tokens.findIndex((token) => isWord(token, 'TRIGGER'));
      const name = tokens[at + 1];
      if (hasOpenQuote(tokens) || !isWord(tokens[0], 'CREATE') || at < 0 || !name || unquoteName(name) !== trigger.name)
        return refuse(what, warnings);
      const missing = tablesOfTrigger(tokens.slice(at + 2)).filter((table) => !made.has(table));
      if (missing.length > 0) {
        const names = [...new Set(missing)].map(escapedName).join(', ');
        warnings.add('DATABASE_FEATURE_DROPPED', `${what} left out: it uses ${names}, not in the clone.`);
        return [];
      }
      return build(what, `CREATE TRIGGER ${quoteName(trigger.name)} `, tokens.slice(at + 2), target.server, warnings);
    });
}

function refuse(what: string, warnings: WarningCollector): NamedStatement[] {
  warnings.add('DATABASE_FEATURE_DROPPED', `${what} left out: its definition cannot be read.`);
  return [];
}

function build(
  what: string,
  head: string,
  tokens: readonly Token[],
  server: TargetServer,
  warnings: WarningCollector,
): NamedStatement[] {
  try {
    return [{ what, sql: head + render(mapTokens(tokens, server)) }];
  } catch (error) {
    warnings.add(
      'DATABASE_FEATURE_DROPPED',
      `${what} left out: ${error instanceof Error ? error.message : String(error)}`,
    );
    return [];
  }
}

function mapTokens(tokens: readonly Token[], server: TargetServer): Token[] {
  return tokens.map((token, index) => {
    if (token.kind !== 'word') return token;
    if (isWord(tokens[index - 1], 'COLLATE')) return { ...token, text: mapCollation(token.text, server) };
    if (isWord(tokens[index - 1], 'CHARSET')) return { ...token, text: mapCharset(token.text, server) };
    return token;
  });
}
