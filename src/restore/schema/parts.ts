/**
 * Definitions of tables in parts: what of a definition is compared, and all that a live site is ever sent of one. Texts of SHOW CREATE
 * TABLE go no further than this file.
 */
import { columnParts } from '../../transfer/database/column-parts.ts';
import { parseDefinition, type KeyDefinition } from '../../transfer/database/definition.ts';
import {
  closingParenthesis,
  isWord,
  quoteName,
  tokenize,
  unquoteName,
  type Token,
} from '../../transfer/database/sql-tokens.ts';

/** What a row gets that names no value. `now`: the moment at which it is made. */
export type Fallback =
  | { readonly kind: 'none' }
  | { readonly kind: 'null' }
  | { readonly kind: 'now' }
  | { readonly kind: 'value'; readonly value: string };

export interface Column {
  readonly name: string;
  readonly type: string;
  /** Null: the table's own. */
  readonly collation: string | null;
  readonly nullable: boolean;
  readonly fallback: Fallback;
  /** It sets itself with each change of its row. */
  readonly stamped: boolean;
  /** AUTO_INCREMENT. */
  readonly counts: boolean;
  /** What else its definition says, which nobody here can carry over. */
  readonly other: string;
}

export interface Key {
  readonly kind: KeyDefinition['kind'];
  readonly name: string;
  readonly parts: readonly { readonly column: string; readonly length: number | null }[];
  readonly other: string;
}

export interface Definition {
  readonly columns: readonly Column[];
  readonly keys: readonly Key[];
  readonly engine: string;
  readonly collation: string | null;
  readonly other: string;
}

/** Takes the text of a CREATE TABLE apart; `keys` are `ADD KEY …` besides. Throws TABLE_FAILED. */
export function definitionOf(name: string, create: string, keys: readonly string[] = []): Definition {
  const table = parseDefinition(create.replace(/^CREATE TEMPORARY TABLE/i, 'CREATE TABLE'), name);
  const more = parseDefinition(`CREATE TABLE ${quoteName(name)} (${keys.map(withoutAdd).join(', ')})`, name);
  const { columns, options, checks, periods } = table;
  const pointing = table.foreignKeys.length + more.foreignKeys.length;
  const odd = table.partitioned || table.versioned || pointing + checks.length + periods.length > 0;
  return {
    columns: columns.map((column) => columnOf(column.name, column.tokens)),
    keys: [...table.keys, ...more.keys].map(keyOf).toSorted(byName),
    engine: options.get('ENGINE')?.text ?? '',
    collation: options.get('COLLATE')?.text ?? options.get('CHARSET')?.text ?? null,
    other: odd ? 'foreign keys, checks, partitions or history' : '',
  };
}

/** Servers list keys by their kind; that says nothing. */
const byName = (one: Key, other: Key): number => (one.name < other.name ? -1 : 1);

/** Whether two are alike in every part. */
export const isSame = (one: Definition | Column | Key, other: Definition | Column | Key): boolean =>
  JSON.stringify(one) === JSON.stringify(other);

const withoutAdd = (key: string): string => key.replace(/^ADD /i, '');

function columnOf(name: string, tokens: readonly Token[]): Column {
  const [head, ...clauses] = columnParts(tokens);
  const column = {
    name,
    type: withoutName(tokenize(head?.text ?? '')),
    collation: null as string | null,
    nullable: true,
    fallback: { kind: 'none' } as Fallback,
    stamped: false,
    counts: false,
    other: '',
  };
  for (const { text } of clauses) {
    const words = tokenize(text);
    const [first, second] = words;
    if (isWord(first, 'NOT')) column.nullable = false;
    else if (isWord(first, 'NULL')) column.nullable = true;
    else if (isWord(first, 'AUTO_INCREMENT')) column.counts = true;
    else if (isWord(first, 'COLLATE')) column.collation = second?.text.toLowerCase() ?? null;
    else if (isWord(first, 'CHARACTER')) column.collation ??= words.at(-1)?.text.toLowerCase() ?? null;
    else if (isWord(first, 'ON') && isWord(words[2], 'CURRENT_TIMESTAMP')) column.stamped = true;
    else if (isWord(first, 'DEFAULT') && isPlain(words.slice(1))) column.fallback = fallbackOf(words.slice(1));
    else if (isWord(first, 'CHECK') && isJsonCheck(words, name)) column.type = 'json';
    else if (!isWord(first, 'COMMENT')) column.other = text;
  }
  return column;
}

/** How the server writes it, so that two of one server can be compared. */
const withoutName = ([, ...rest]: readonly Token[]): string =>
  rest
    .map(({ text, space, kind }) => space + (kind === 'word' ? text.toLowerCase() : text))
    .join('')
    .trim();

/** A column of MariaDB's JSON is text with this check. */
const isJsonCheck = (words: readonly Token[], name: string): boolean =>
  words.length === 7 && isWord(words[2], 'JSON_VALID') && words[4] !== undefined && unquoteName(words[4]) === name;

const isPlain = (words: readonly Token[]): boolean =>
  words.length === 1 || (words.length === 2 && words[0]?.text === '-') || isWord(words[0], 'CURRENT_TIMESTAMP');

function fallbackOf(words: readonly Token[]): Fallback {
  const [first] = words;
  if (isWord(first, 'NULL')) return { kind: 'null' };
  if (isWord(first, 'CURRENT_TIMESTAMP')) return { kind: 'now' };
  if (first?.kind === 'string') return { kind: 'value', value: unquoted(first.text) };
  return { kind: 'value', value: words.map(({ text }) => text).join('') };
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0' };

/** The value of a string as SHOW CREATE writes it. */
const unquoted = (text: string): string =>
  text
    .slice(1, -1)
    .replaceAll(/''|\\([\s\S])/g, (whole, escaped: string | undefined) =>
      escaped === undefined ? whole.charAt(0) : (ESCAPES[escaped] ?? escaped),
    );

function keyOf({ kind, tokens }: KeyDefinition): Key {
  const open = tokens.findIndex(({ text }) => text === '(');
  const end = closingParenthesis(tokens, open) ?? tokens.length;
  const before = tokens.slice(0, open);
  const name = kind === 'primary' ? '' : before.findLast((token) => token.kind === 'name');
  const parts: { column: string; length: number | null }[] = [];
  let other = '';
  tokens.slice(open + 1, end).forEach((token, index, inside) => {
    const last = parts.at(-1);
    if (token.kind === 'name') parts.push({ column: unquoteName(token), length: null });
    else if (/^\d+$/.test(token.text) && inside[index - 1]?.text === '(' && last) last.length = Number(token.text);
    else if (!['(', ')', ','].includes(token.text)) other = token.text;
  });
  const behind = tokens
    .slice(end + 1)
    .filter((token) => !isWord(token, 'USING', 'BTREE', 'COMMENT') && token.kind !== 'string');
  return {
    kind,
    name: typeof name === 'object' ? unquoteName(name) : '',
    parts,
    other: other || behind.map(({ text }) => text).join(' '),
  };
}
