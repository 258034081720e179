import { isWord, render, type Token } from './sql-tokens.ts';

/** A piece of a definition: a table can do without the optional ones. */
export interface Piece {
  readonly text: string;
  readonly optional: boolean;
  /** What takes its place on a server that lacks it: the nearest type. */
  readonly instead?: string;
}

/** What each clause of a column begins with. Those that a column is not the same without are not optional. */
const ESSENTIAL = new Set(['NOT', 'NULL', 'AUTO_INCREMENT', 'CHARACTER', 'COLLATE']);
const OPTIONAL = new Set([
  'DEFAULT', 'ON', 'CHECK', 'COMMENT', 'INVISIBLE', 'VISIBLE', 'GENERATED', 'AS', 'COMPRESSED', 'WITHOUT', 'WITH', 'REF_SYSTEM_ID',
  'SRID', 'COLUMN_FORMAT', 'STORAGE', 'ENGINE_ATTRIBUTE', 'SECONDARY_ENGINE_ATTRIBUTE',
]); // prettier-ignore

/** The nearest type by the first word of one that not every server has. */
const NEAREST: Readonly<Record<string, string>> = {
  UUID: 'char(36)',
  INET4: 'varchar(15)',
  INET6: 'varchar(39)',
  JSON: 'longtext',
  VECTOR: 'longblob',
  XMLTYPE: 'longtext',
};

/** A column taken apart: name and type, then its clauses, as SHOW CREATE TABLE prints them. */
export function columnParts(tokens: readonly Token[]): Piece[] {
  const clauses: Token[][] = [tokens.slice(0, 2)];
  let depth = 0;
  tokens.slice(2).forEach((token, index) => {
    const begins = depth === 0 && beginsClause(token, tokens[index + 1]);
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (begins) clauses.push([token]);
    else clauses.at(-1)?.push(token);
  });
  const [head = [], ...rest] = clauses;
  const nearest = NEAREST[head[1]?.text.toUpperCase() ?? ''];
  return [
    { text: render(head), optional: false, ...(nearest && head[0] ? { instead: `${head[0].text} ${nearest}` } : {}) },
    ...rest.map((clause) => ({ text: render(clause), optional: !isWord(clause[0], ...ESSENTIAL) })),
  ];
}

/** `previous` tells NULL as a value (DEFAULT NULL, NOT NULL, ON UPDATE …) from NULL as a clause. */
function beginsClause(token: Token, previous: Token | undefined): boolean {
  if (token.kind !== 'word' || isWord(previous, 'DEFAULT', 'NOT', 'COMMENT')) return false;
  const word = token.text.toUpperCase();
  if (word === 'AS') return !isWord(previous, 'ALWAYS');
  return ESSENTIAL.has(word) || OPTIONAL.has(word);
}
