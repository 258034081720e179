import { escapedName, type WarningCollector } from '../warnings.ts';
import { columnParts, type Piece } from './column-parts.ts';
import type { Draft } from './draft.ts';
import { mapCharset, mapCollation, type TargetServer } from './collations.ts';
import type { KeyDefinition, TableDefinition } from './definition.ts';
import { asItIs, type CommentLimit, respellTexts, type Spelling } from './spelling.ts';
import { isWord, quoteName, render, type Token } from './sql-tokens.ts';

/** What makes a table on this server. */
export interface TableStatements {
  readonly draft: Draft;
  /** Keys that are cheaper to build once the rows are in: as `ADD KEY …`. */
  readonly keys: readonly string[];
  /** `ADD CONSTRAINT …`, for when all tables are there. */
  readonly foreignKeys: readonly string[];
}

/**
 * Engines that are kept as they are. Everything else (FEDERATED, MRG_MYISAM, CSV, …) would need what the clone has not, or would
 * lose the copied rows with the server (MEMORY).
 */
const ENGINES = new Map([
  ['INNODB', 'InnoDB'],
  ['MYISAM', 'MyISAM'],
  ['ARIA', 'Aria'],
]);

/** Options that are left out and that somebody may have relied on: all others only tune how rows are stored. */
const TOLD_OPTIONS = ['ENGINE_ATTRIBUTE', 'SECONDARY_ENGINE', 'SECONDARY_ENGINE_ATTRIBUTE', 'ENCRYPTION'];

/** Characters of a comment (MariaDB manual, "CREATE TABLE"). */
const LONGEST = { ofColumn: 1024, ofTable: 2048 } as const;

/**
 * Puts a definition together for this server from an allow-list of its parts: what could reach outside of the database
 * (DATA DIRECTORY, CONNECTION, TABLESPACE, UNION) or is only storage tuning (ROW_FORMAT, ENCRYPTION, partitions) is left out.
 * With `deferKeys` the secondary keys come separately. Throws COLLATION_UNKNOWN.
 */
export function translateTable(
  definition: TableDefinition,
  options: {
    readonly deferKeys: boolean;
    readonly tables: ReadonlySet<string>;
    /** What becomes of strings. Where the server does not take that, they stay. */
    readonly text?: Spelling['text'];
    /** Columns whose strings stay in any case. */
    readonly asTheyAre?: ReadonlySet<string>;
  },
  server: TargetServer,
  warnings: WarningCollector,
): TableStatements {
  const table = escapedName(definition.name);
  const { text = asItIs.text } = options;
  const mapped = (tokens: readonly Token[]): Token[] => mapNames(tokens, server, warnings);
  const comments = (longest: number): CommentLimit => ({ longest, kept: () => commentKept(table, warnings) });
  const respelled = (own: readonly Token[]): Token[] => respellTexts(own, text, comments(LONGEST.ofColumn));
  const clean = (tokens: readonly Token[]): string => render(respelled(mapped(tokens)));
  const pieces = (tokens: readonly Token[], cut: (tokens: readonly Token[]) => Piece[]): Piece[] => {
    const own = mapped(tokens);
    const before = cut(own);
    return cut(respelled(own)).map((piece, at) => {
      const instead = before[at]?.text;
      return instead === undefined || instead === piece.text ? piece : { ...piece, instead };
    });
  };
  const autoIncrement = definition.columns.find((column) =>
    column.tokens.some((token) => isWord(token, 'AUTO_INCREMENT')),
  );
  const later = (key: KeyDefinition): boolean =>
    key.kind === 'fulltext' ||
    key.kind === 'spatial' ||
    isExpression(key) ||
    (options.deferKeys && key.kind === 'plain' && key.columns[0] !== autoIncrement?.name);
  const dropped = definition.foreignKeys.filter((key) => !key.references || !options.tables.has(key.references));
  for (const key of dropped)
    warnings.add(
      'DATABASE_FEATURE_DROPPED',
      `Foreign key of ${table} left out: it refers to a table that is not copied (${escapedName(render(key.tokens))}).`,
    );
  if (definition.versioned)
    warnings.add(
      'DATABASE_FEATURE_DROPPED',
      `${table}: its current rows were copied, the history of them was left out.`,
    );
  const told = TOLD_OPTIONS.filter((name) => definition.options.has(name));
  if (told.length > 0) warnings.add('DATABASE_FEATURE_DROPPED', `${table}: ${told.join(', ')} left out.`);
  if (definition.partitioned) warnings.add('DATABASE_FEATURE_DROPPED', `The partitions of ${table} were left out.`);
  const optional = (clause: string): Piece[] => [{ text: clause, optional: true }];
  const items = [
    ...definition.columns.map(({ name, tokens }) => {
      const cut = (own: readonly Token[]): Piece[] => columnPieces(own, server);
      return options.asTheyAre?.has(name) ? cut(mapped(tokens)) : pieces(tokens, cut);
    }),
    ...definition.keys
      .filter((key) => !later(key))
      .map((key) => [
        { text: clean(key.tokens), optional: key.kind !== 'primary' && key.columns[0] !== autoIncrement?.name },
      ]),
    ...definition.checks.map((check) => pieces(check, (own) => optional(render(own)))),
    ...definition.periods.map((period) => optional(periodText(period))),
  ];
  return {
    draft: {
      name: definition.name,
      items,
      options: optionPieces(definition, server, (own) => respellTexts(own, text, comments(LONGEST.ofTable)), warnings),
    },
    keys: definition.keys.filter(later).map((key) => `ADD ${clean(key.tokens)}`),
    foreignKeys: definition.foreignKeys
      .filter((key) => !dropped.includes(key))
      .map((key) => `ADD ${clean(key.tokens)}`),
  };
}

/** MySQL 8 has keys over expressions, `KEY k ((lower(a)))`; elsewhere they are left out when they are refused. */
function isExpression(key: KeyDefinition): boolean {
  return key.tokens.some((token, index) => token.text === '(' && key.tokens[index + 1]?.text === '(');
}

/** MariaDB takes no NOT NULL beside a generated column's expression (its manual, "Generated Columns"). */
function columnPieces(tokens: readonly Token[], server: TargetServer): Piece[] {
  const pieces = columnParts(tokens);
  const generated = pieces.some(({ text }) => /^(GENERATED|AS)\b(?!.* ROW (START|END)$)/i.test(text));
  return generated && server.flavor === 'mariadb' ? pieces.filter(({ text }) => !/^NOT NULL$/i.test(text)) : pieces;
}

function periodText([name = '', from = '', to = '']: readonly string[]): string {
  const named = /^system_time$/i.test(name) ? 'SYSTEM_TIME' : quoteName(name);
  return `PERIOD FOR ${named} (${quoteName(from)}, ${quoteName(to)})`;
}

/** Gives charsets and collations, wherever they are named, the names that this server has for them. */
function mapNames(tokens: readonly Token[], server: TargetServer, warnings: WarningCollector): Token[] {
  return tokens.map((token, index) => {
    const [before, previous] = [tokens[index - 2], tokens[index - 1]];
    if (token.kind !== 'word' || token.text.toUpperCase() === 'BINARY') return token;
    if (isWord(previous, 'COLLATE')) return { ...token, text: collationFor(token.text, server, warnings) };
    if (isWord(previous, 'CHARSET') || (isWord(before, 'CHARACTER') && isWord(previous, 'SET')))
      return { ...token, text: charsetFor(token.text, server, warnings) };
    return token;
  });
}

/** Only MySQL has gb18030; all that it can write, UTF-8 can write too. */
function charsetFor(name: string, server: TargetServer, warnings: WarningCollector): string {
  if (!/^gb18030$/i.test(name) || server.charsets.has('gb18030')) return mapCharset(name, server);
  warnings.add('COLLATION_MAPPED', `This server has no ${name}; its text was converted to utf8mb4.`);
  return mapCharset('utf8mb4', server);
}

function collationFor(name: string, server: TargetServer, warnings: WarningCollector): string {
  const converted = /^gb18030_/i.test(name) && !server.charsets.has('gb18030');
  const mapped = mapCollation(converted ? `utf8mb4_${/bin$/i.test(name) ? 'bin' : 'unicode_520_ci'}` : name, server);
  if (
    mapped !== name.toLowerCase() &&
    mapped.replace(/^utf8mb3/, 'utf8') !== name.toLowerCase().replace(/^utf8mb3/, 'utf8')
  )
    warnings.add('COLLATION_MAPPED', `This server has no ${name}; ${mapped} is used instead.`);
  return mapped;
}

function optionPieces(
  definition: TableDefinition,
  server: TargetServer,
  respell: (tokens: readonly Token[]) => Token[],
  warnings: WarningCollector,
): Piece[] {
  const { options } = definition;
  const table = escapedName(definition.name);
  const wanted = options.get('ENGINE')?.text.toUpperCase() ?? 'INNODB';
  const engine = ENGINES.get(wanted);
  const kept = engine && server.engines.has(wanted) ? engine : 'InnoDB';
  if (kept.toUpperCase() !== wanted)
    warnings.add('DATABASE_FEATURE_DROPPED', `${table}: InnoDB is used instead of the engine ${escapedName(wanted)}.`);
  const charset = options.get('CHARSET');
  const collate = options.get('COLLATE');
  const increment = options.get('AUTO_INCREMENT');
  const comment = options.get('COMMENT');
  const texts = [
    ` ENGINE=${kept}`,
    increment && /^\d+$/.test(increment.text) ? ` AUTO_INCREMENT=${increment.text}` : '',
    charset?.kind === 'word' ? ` DEFAULT CHARSET=${charsetFor(charset.text, server, warnings)}` : '',
    collate?.kind === 'word' ? ` COLLATE=${collationFor(collate.text, server, warnings)}` : '',
  ];
  const versioning = definition.versioned ? [{ text: ' WITH SYSTEM VERSIONING', optional: true }] : [];
  return [...texts.map((each) => ({ text: each, optional: false })), ...commentPieces(comment, respell), ...versioning];
}

function commentPieces(comment: Token | undefined, respell: (tokens: readonly Token[]) => Token[]): Piece[] {
  if (comment?.kind !== 'string') return [];
  const name: Token = { kind: 'word', text: 'COMMENT', space: ' ' };
  const own = ` COMMENT=${comment.text}`;
  const respelled = ` COMMENT=${render(respell([name, comment]).slice(1))}`;
  return [{ text: respelled, optional: true, ...(respelled === own ? {} : { instead: own }) }];
}

const commentKept = (table: string, warnings: WarningCollector): void =>
  warnings.add(
    'ADDRESS_KEPT',
    `${table} keeps the address of the site in a comment of it, a column or a key: with the clone's it would be too long.`,
  );
