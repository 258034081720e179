import { escapedName, type WarningCollector } from '../warnings.ts';
import { mapCharset, mapCollation, type TargetServer } from './collations.ts';
import type { KeyDefinition, TableDefinition } from './definition.ts';
import { isWord, quoteName, render, type Token } from './sql-tokens.ts';

/** The statements that make a table on this server. */
export interface TableStatements {
  readonly create: string;
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

/**
 * Puts a definition together for this server from an allow-list of its parts: what could reach outside of the database
 * (DATA DIRECTORY, CONNECTION, TABLESPACE, UNION) or is only storage tuning (ROW_FORMAT, ENCRYPTION, partitions) is left out.
 * With `deferKeys` the secondary keys come separately. Throws COLLATION_UNKNOWN.
 */
export function translateTable(
  definition: TableDefinition,
  options: { readonly deferKeys: boolean; readonly tables: ReadonlySet<string> },
  server: TargetServer,
  warnings: WarningCollector,
): TableStatements {
  const table = escapedName(definition.name);
  const clean = (tokens: readonly Token[]): string => render(mapNames(tokens, server, table, warnings));
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
  if (definition.partitioned) warnings.add('DATABASE_FEATURE_DROPPED', `The partitions of ${table} were left out.`);
  const body = [
    ...definition.columns.map((column) => columnText(clean(column.tokens), column.tokens, server)),
    ...definition.keys.filter((key) => !later(key)).map((key) => clean(key.tokens)),
    ...definition.checks.map(clean),
  ];
  return {
    create: `CREATE TABLE ${quoteName(definition.name)} (\n  ${body.join(',\n  ')}\n)${optionText(definition, server, warnings)}`,
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

/** MariaDB takes no NOT NULL after a generated column's expression (its manual, "Generated Columns"). */
function columnText(text: string, tokens: readonly Token[], server: TargetServer): string {
  const generated = tokens.some((token) => isWord(token, 'STORED', 'VIRTUAL', 'PERSISTENT'));
  return generated && server.flavor === 'mariadb' ? text.replace(/(STORED|VIRTUAL|PERSISTENT) NOT NULL/i, '$1') : text;
}

/** Gives charsets and collations, wherever they are named, the names that this server has for them. */
function mapNames(tokens: readonly Token[], server: TargetServer, table: string, warnings: WarningCollector): Token[] {
  return tokens.map((token, index) => {
    const [before, previous] = [tokens[index - 2], tokens[index - 1]];
    if (token.kind !== 'word' || token.text.toUpperCase() === 'BINARY') return token;
    if (isWord(previous, 'COLLATE')) return { ...token, text: collationFor(token.text, server, table, warnings) };
    if (isWord(previous, 'CHARSET') || (isWord(before, 'CHARACTER') && isWord(previous, 'SET')))
      return { ...token, text: mapCharset(token.text, server) };
    return token;
  });
}

function collationFor(name: string, server: TargetServer, table: string, warnings: WarningCollector): string {
  const mapped = mapCollation(name, server);
  if (
    mapped !== name.toLowerCase() &&
    mapped.replace(/^utf8mb3/, 'utf8') !== name.toLowerCase().replace(/^utf8mb3/, 'utf8')
  )
    warnings.add('COLLATION_MAPPED', `${table}: this server has no ${name}; ${mapped} is used instead.`);
  return mapped;
}

function optionText(definition: TableDefinition, server: TargetServer, warnings: WarningCollector): string {
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
  return [
    ` ENGINE=${kept}`,
    increment && /^\d+$/.test(increment.text) ? ` AUTO_INCREMENT=${increment.text}` : '',
    charset?.kind === 'word' ? ` DEFAULT CHARSET=${mapCharset(charset.text, server)}` : '',
    collate?.kind === 'word' ? ` COLLATE=${collationFor(collate.text, server, table, warnings)}` : '',
    comment?.kind === 'string' ? ` COMMENT=${comment.text}` : '',
  ].join('');
}
