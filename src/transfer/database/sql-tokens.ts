/** Characters of a definition that are read; those of real tables have some thousand. */
export const LONGEST_DEFINITION = 1 << 20;

/** A token of SQL text as SHOW CREATE prints it. `space` is what stood before it: nothing or one blank. */
export interface Token {
  readonly kind: 'name' | 'string' | 'word' | 'symbol';
  /** As written, quotes included. */
  readonly text: string;
  readonly space: '' | ' ';
}

const BLANK = /\s+/uy;
const WORD = /[\p{L}\p{N}_$.]+/uy;
/** What begins a comment that servers of this version or a later one read. */
const VERSIONED_COMMENT = /\/\*M?!\d*/uy;
const COMMENT_END = /\*\//uy;
/** To the end of its line; two dashes need a blank behind them. */
const LINE_COMMENT = /(?:#|--[ \t])[^\n]*/uy;

/**
 * Splits SQL text into tokens, in time that grows with its length only. Comments are dropped; versioned ones too, unless they are to
 * be read: SHOW CREATE TABLE writes into those what another kind of server may not know. A quote that is never closed becomes a
 * symbol, the last token: see `hasOpenQuote`.
 */
export function tokenize(sql: string, versioned?: 'versioned comments are read'): Token[] {
  const tokens: Token[] = [];
  let space: Token['space'] = '';
  let inComment = false;
  for (let at = 0; at < sql.length;) {
    const mark = versioned && matchAt(inComment ? COMMENT_END : VERSIONED_COMMENT, sql, at);
    if (mark !== undefined) inComment = !inComment;
    const behind = mark ?? skipBlank(sql, at);
    if (behind > at) {
      space = ' ';
      at = behind;
      continue;
    }
    const token = readToken(sql, at);
    tokens.push({ ...token, space });
    if (token.kind === 'symbol' && isQuote(token.text)) break;
    space = '';
    at += token.text.length;
  }
  return tokens;
}

/** The index behind the blanks, or behind the comment, that begin at `at`. */
function skipBlank(sql: string, at: number): number {
  if (!sql.startsWith('/*', at)) return matchAt(BLANK, sql, at) ?? matchAt(LINE_COMMENT, sql, at) ?? at;
  const end = sql.indexOf('*/', at + 2);
  return end < 0 ? sql.length : end + 2;
}

function readToken(sql: string, at: number): Omit<Token, 'space'> {
  const first = String.fromCodePoint(sql.codePointAt(at) ?? 0);
  if (isQuote(first)) {
    const end = endOfQuoted(sql, at);
    if (end === undefined) return { kind: 'symbol', text: first };
    return { kind: first === '`' ? 'name' : 'string', text: sql.slice(at, end) };
  }
  const end = matchAt(WORD, sql, at);
  return end === undefined ? { kind: 'symbol', text: first } : { kind: 'word', text: sql.slice(at, end) };
}

/** The index behind the quote that closes the one at `at`; a doubled one is none, nor is one behind a backslash in a string. */
function endOfQuoted(sql: string, at: number): number | undefined {
  const quote = sql[at];
  for (let index = at + 1; index < sql.length; index += 1) {
    if (sql[index] === '\\' && quote !== '`') index += 1;
    else if (sql[index] === quote && sql[index + 1] === quote) index += 1;
    else if (sql[index] === quote) return index + 1;
  }
  return undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): number | undefined {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : undefined;
}

const isQuote = (text: string): boolean => text === "'" || text === '"' || text === '`';

/** Whether a quote is never closed. What that means to a server depends on what comes to stand after it. */
export const hasOpenQuote = (tokens: readonly Token[]): boolean =>
  tokens.some(({ kind, text }) => kind === 'symbol' && isQuote(text));

/** Tokens as SQL text again. Two dashes are kept apart: together they would begin a comment where the server sees one and `tokenize` did not. */
export function render(tokens: readonly Token[]): string {
  const gap = (token: Token, before: Token | undefined): string =>
    token.text === '-' && before?.text === '-' ? ' ' : token.space;
  return tokens
    .map((token, index) => (index === 0 ? token.text : gap(token, tokens[index - 1]) + token.text))
    .join('')
    .trim();
}

/** Whether a token is one of these words, which are given in upper case. */
export function isWord(token: Token | undefined, ...words: readonly string[]): boolean {
  return token?.kind === 'word' && words.includes(token.text.toUpperCase());
}

/** Quotes an identifier; every name is quoted everywhere, so reserved words and odd characters need no care. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** The name that a token stands for. */
export function unquoteName(token: Token): string {
  return token.kind === 'name' ? token.text.slice(1, -1).replaceAll('``', '`') : token.text;
}

const ESCAPES: Readonly<Record<string, string>> = { '0': '\0', b: '\b', n: '\n', r: '\r', t: '\t', Z: '\x1a' };

/** The value of a string. A backslash before a sign of LIKE stays, as servers keep it ("String Literals" in their manuals). */
export function unquoteText({ text }: Token): string {
  const quote = text.charAt(0);
  return text.slice(1, -1).replaceAll(/\\([^])|(['"])\2/g, (all, escaped?: string, doubled?: string) => {
    if (escaped === undefined) return doubled === quote ? quote : all;
    return escaped === '%' || escaped === '_' ? all : (ESCAPES[escaped] ?? escaped);
  });
}

/** A value as a string of a statement, for a session that reads backslashes. */
export const quoteText = (value: string): string => `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;

/** The index of the parenthesis that closes the one at `open`. */
export function closingParenthesis(tokens: readonly Token[], open: number): number | undefined {
  let depth = 0;
  for (let index = open; index < tokens.length; index += 1) {
    if (tokens[index]?.text === '(') depth += 1;
    if (tokens[index]?.text === ')') depth -= 1;
    if (depth === 0) return index;
  }
  return undefined;
}

/** Splits at the commas outside of parentheses; undefined when the parentheses do not match. */
export function splitAtCommas(tokens: readonly Token[]): Token[][] | undefined {
  const parts: Token[][] = [[]];
  let depth = 0;
  for (const token of tokens) {
    if (token.text === '(') depth += 1;
    if (token.text === ')') depth -= 1;
    if (depth < 0) return undefined;
    if (token.text === ',' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(token);
  }
  return depth === 0 ? parts : undefined;
}
