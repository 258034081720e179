import { WpcloneError } from '../../shared/errors.ts';
import { escapedName } from '../warnings.ts';
import { rebuildCheck, rebuildForeignKey, rebuildKey } from './key-parts.ts';
import { asItIs, respellTable, type Spelling } from './spelling.ts';
import {
  closingParenthesis,
  hasOpenQuote,
  isWord,
  LONGEST_DEFINITION,
  render,
  splitAtCommas,
  tokenize,
  unquoteName,
  type Token,
} from './sql-tokens.ts';

/** `tokens` is the whole definition; `columns` are those of the key, in order, as far as they have names. */
export interface KeyDefinition {
  readonly kind: 'primary' | 'unique' | 'plain' | 'fulltext' | 'spatial';
  readonly tokens: readonly Token[];
  readonly columns: readonly string[];
}

export interface ForeignKey {
  readonly tokens: readonly Token[];
  /** The table referred to; undefined when it is in another schema. */
  readonly references: string | undefined;
}

/** A table definition taken apart; what follows is put together from these parts, never from the text. */
export interface TableDefinition {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly tokens: readonly Token[] }[];
  readonly keys: readonly KeyDefinition[];
  readonly foreignKeys: readonly ForeignKey[];
  readonly checks: readonly (readonly Token[])[];
  /** `PERIOD FOR name (from, to)`: the name, and the two columns. */
  readonly periods: readonly (readonly string[])[];
  /** Table options by their upper-case name. */
  readonly options: ReadonlyMap<string, Token>;
  readonly partitioned: boolean;
  /** Old rows are kept beside the current ones (MariaDB manual, "System-Versioned Tables"). */
  readonly versioned: boolean;
  /** What was left out because it is no part of a definition that is known here: as SQL text. */
  readonly leftOut: readonly string[];
}

/**
 * Takes the text of SHOW CREATE TABLE apart. It is the site's word: anything that is not exactly one CREATE TABLE with
 * the expected name is refused. Throws TABLE_FAILED.
 */
export function parseDefinition(
  text: string,
  expectedName: string,
  spell: Spelling['name'] = asItIs.name,
): TableDefinition {
  const refuse = (why: string): WpcloneError =>
    new WpcloneError('TABLE_FAILED', `The definition of the table ${escapedName(expectedName)} ${why}.`, {
      details: { table: escapedName(expectedName) },
    });
  if (text.length > LONGEST_DEFINITION) throw refuse('is larger than 1 MB');
  const tokens = respellTable(tokenize(text, 'versioned comments are read'), spell);
  const [create, table, name, open] = tokens;
  if (!isWord(create, 'CREATE') || !isWord(table, 'TABLE') || !name || open?.text !== '(')
    throw refuse('is not that of a table');
  if (hasOpenQuote(tokens)) throw refuse('is cut off');
  if (unquoteName(name) !== expectedName) throw refuse('is that of another table');
  const end = closingParenthesis(tokens, 3);
  const items = end === undefined ? undefined : splitAtCommas(tokens.slice(4, end));
  if (end === undefined || items === undefined) throw refuse('is cut off');
  const rest = tokens.slice(end + 1);
  if (rest.some((token) => token.text === ';')) throw refuse('holds more than one statement');
  const partition = rest.findIndex((token) => isWord(token, 'PARTITION'));
  return {
    name: expectedName,
    ...sortItems(items),
    options: readOptions(partition < 0 ? rest : rest.slice(0, partition)),
    partitioned: partition >= 0,
    versioned: rest.some((token, index) => isWord(token, 'SYSTEM') && isWord(rest[index + 1], 'VERSIONING')),
  };
}

type Items = Pick<TableDefinition, 'columns' | 'keys' | 'foreignKeys' | 'checks' | 'periods' | 'leftOut'>;

function sortItems(items: readonly Token[][]): Items {
  const columns: { name: string; tokens: Token[] }[] = [];
  const keys: KeyDefinition[] = [];
  const foreignKeys: ForeignKey[] = [];
  const checks: (readonly Token[])[] = [];
  const periods: string[][] = [];
  const leftOut: string[] = [];
  const keep = (tokens: readonly Token[], rebuild: typeof rebuildKey): readonly Token[] | undefined => {
    const rebuilt = rebuild(tokens);
    const rest = rebuilt?.rest ?? tokens;
    if (rest.length > 0) leftOut.push(render(rest));
    return rebuilt?.tokens;
  };
  for (const tokens of items) {
    const [first] = tokens;
    if (!first) continue;
    if (isWord(first, 'PERIOD')) {
      periods.push(periodParts(tokens));
    } else if (first.kind === 'name') {
      columns.push({ name: unquoteName(first), tokens });
    } else if (tokens.some((token) => isWord(token, 'REFERENCES'))) {
      const kept = keepForeignKey(tokens, keep);
      if (kept) foreignKeys.push(kept);
    } else if (isWord(first, 'CHECK') || isWord(tokens[2], 'CHECK')) {
      const kept = keep(tokens, rebuildCheck);
      if (kept) checks.push(kept);
    } else {
      const kept = keep(tokens, rebuildKey);
      if (kept) keys.push({ kind: keyKind(kept), tokens: kept, columns: keyColumns(kept) });
    }
  }
  return { columns, keys, foreignKeys, checks, periods, leftOut };
}

/** SYSTEM_TIME comes as a word, the names of others quoted. */
const periodParts = (tokens: readonly Token[]): string[] =>
  [tokens[2], tokens[4], tokens[6]].map((token) => (token ? unquoteName(token) : ''));

function keyKind(tokens: readonly Token[]): KeyDefinition['kind'] {
  const words = tokens.filter((token) => token.kind === 'word').map((token) => token.text.toUpperCase());
  if (words[0] === 'PRIMARY' || words[1] === 'PRIMARY') return 'primary';
  if (words[0] === 'UNIQUE' || words[1] === 'UNIQUE') return 'unique';
  if (words[0] === 'FULLTEXT') return 'fulltext';
  return words[0] === 'SPATIAL' ? 'spatial' : 'plain';
}

function keyColumns(tokens: readonly Token[]): string[] {
  const open = tokens.findIndex((token) => token.text === '(');
  return tokens
    .slice(open, closingParenthesis(tokens, open))
    .filter((token) => token.kind === 'name')
    .map(unquoteName);
}

/** One that refers to another schema is kept as it came, to be told of: it is left out in any case. */
function keepForeignKey(
  tokens: readonly Token[],
  keep: (tokens: readonly Token[], rebuild: typeof rebuildForeignKey) => readonly Token[] | undefined,
): ForeignKey | undefined {
  const at = tokens.findIndex((token) => isWord(token, 'REFERENCES'));
  const name = tokens[at + 1];
  if (!name || (tokens[at + 2]?.text.startsWith('.') ?? false)) return { tokens, references: undefined };
  const kept = keep(tokens, rebuildForeignKey);
  return kept && { tokens: kept, references: unquoteName(name) };
}

/** `NAME = value`, `NAME=value` or, for the charset, `DEFAULT CHARSET=value`. */
function readOptions(tokens: readonly Token[]): Map<string, Token> {
  const options = new Map<string, Token>();
  tokens.forEach((token, index) => {
    const [name, value] = [tokens[index - 1], tokens[index + 1]];
    if (token.text === '=' && name?.kind === 'word' && value) options.set(name.text.toUpperCase(), value);
  });
  return options;
}
