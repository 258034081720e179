import type { SiteInfo, TableInfo } from '../../site/info.ts';
import { escapedName, type WarningCollector } from '../warnings.ts';
import { isWord, quoteName, quoteText, unquoteName, unquoteText, type Token } from './sql-tokens.ts';
import type { Rewriter } from '../rewrite/types.ts';
import type { TargetServer } from './collations.ts';

/** How definitions of the source are spelled in the clone. */
export interface Spelling {
  /** From any spelling of a table's name to the one under which the clone has it. */
  readonly name: (name: string) => string;
  /** What becomes of the value of a string. */
  readonly text: (value: string) => string;
}

export const asItIs: Spelling = { name: (name) => name, text: (value) => value };

/**
 * A source whose server ignores case writes its definitions in lower case, or as whoever made them did; where case counts, the
 * names in them have to be those that the site asks for.
 */
export function spellingOf({ database, tables, views, others }: SiteInfo): Spelling['name'] {
  if (!database.ignoresCase) return asItIs.name;
  const known = [...tables, ...views, ...(others?.tables ?? []), ...(others?.views ?? [])];
  const names = new Map(known.map(({ name }) => [name.toLowerCase(), name]));
  return (name) => names.get(name.toLowerCase()) ?? name;
}

/** Definitions hold addresses too: in defaults, in the values of an ENUM, in conditions, in what views and triggers put together. */
export const textsBy =
  (rewriter: Pick<Rewriter, 'value'>): Spelling['text'] =>
  (value) =>
    rewriter.value(Buffer.from(value, 'utf8')).toString('utf8');

/** The tokens of a table's definition, with the names of tables in it: its own and those that its foreign keys refer to. */
export function respellTable(tokens: readonly Token[], spell: Spelling['name']): Token[] {
  return tokens.map((token, index) =>
    token.kind === 'name' && (index === 2 || isWord(tokens[index - 1], 'REFERENCES'))
      ? respellName(token, spell)
      : token,
  );
}

/** The tokens of a view's definition. It names a column behind AS, and only there. */
export function respellView(tokens: readonly Token[], spell: Spelling): Token[] {
  return respellTexts(tokens, spell.text).map((token, index) =>
    token.kind === 'name' && !isWord(tokens[index - 1], 'AS') ? respellName(token, spell.name) : token,
  );
}

/** The tokens of a trigger's definition, which stands as it was written: with quotes or without, with a column behind a dot or not. */
export function respellTrigger(tokens: readonly Token[], spell: Spelling): Token[] {
  return respellTexts(tokens, spell.text).map((token) => {
    if (token.kind === 'name') return respellName(token, spell.name);
    return token.kind === 'word' ? { ...token, text: token.text.split('.').map(spell.name).join('.') } : token;
  });
}

const respellName = (token: Token, spell: Spelling['name']): Token => ({
  ...token,
  text: quoteName(spell(unquoteName(token))),
});

/** Comments that would be too long stay as they are: a server cuts them without a word. */
export interface CommentLimit {
  /** Characters (MariaDB manual, "CREATE TABLE"). */
  readonly longest: number;
  /** Told of each that stays. */
  readonly kept: () => void;
}

/** Strings that mean the same stay as they were written. */
export const respellTexts = (tokens: readonly Token[], text: Spelling['text'], comments?: CommentLimit): Token[] =>
  tokens.map((token, index) => {
    if (token.kind !== 'string') return token;
    const value = unquoteText(token);
    const respelled = text(value);
    if (respelled === value) return token;
    if (comments && isWord(tokens[index - 1], 'COMMENT') && Array.from(respelled).length > comments.longest) {
      comments.kept();
      return token;
    }
    return { ...token, text: quoteText(respelled) };
  });

/** Says what may follow when one of both servers tells tables apart by case and the other does not. */
export function warnOfCase(info: SiteInfo, server: TargetServer, warnings: WarningCollector): void {
  if (!info.database.ignoresCase || server.ignoresCase) return;
  warnings.add(
    'TABLE_NAME_CASE',
    'The source’s database server does not tell upper from lower case in the names of tables, the clone’s does. Code that does not spell a name as the table is called in the clone does not find it there.',
  );
}

/**
 * The tables that a server can have beside each other: of those that it takes for one, that with the small letters, as WordPress's
 * own have them. The others are told of.
 */
export function distinctTables<T extends { readonly info: TableInfo }>(
  tables: readonly T[],
  server: TargetServer,
  warnings: WarningCollector,
): readonly T[] {
  if (!server.ignoresCase) return tables;
  const kept = new Map<string, string>();
  // In this order, small letters come last.
  for (const name of tables.map(({ info }) => info.name).toSorted()) kept.set(name.toLowerCase(), name);
  return tables.filter(({ info: { name } }) => {
    const same = kept.get(name.toLowerCase()) ?? name;
    if (same === name) return true;
    warnings.add(
      'TABLE_NAME_CASE',
      `The table ${escapedName(name)} was left out: the clone’s database server does not tell it from ${escapedName(same)}.`,
    );
    return false;
  });
}
