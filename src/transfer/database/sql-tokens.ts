/** A token of SQL text as SHOW CREATE prints it. `space` is what stood before it: nothing or one blank. */
export interface Token {
  readonly kind: 'name' | 'string' | 'word' | 'symbol';
  /** As written, quotes included. */
  readonly text: string;
  readonly space: '' | ' ';
}

const PATTERN =
  /\s+|\/\*[\s\S]*?(?:\*\/|$)|--[ \t][^\n]*|#[^\n]*|(`[^`]*(?:``[^`]*)*`)|('[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'|"[^"\\]*(?:(?:\\[\s\S]|"")[^"\\]*)*")|([\p{L}\p{N}_$.]+)|([\s\S])/guy;

/**
 * Splits SQL text into tokens. Comments are dropped, versioned ones as well: what stands in those is only what another
 * kind of server may ignore. A quote that is never closed becomes a symbol: see `hasOpenQuote`.
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let space: Token['space'] = '';
  for (const [text, name, string, word] of sql.matchAll(PATTERN)) {
    const kind = name ? 'name' : string ? 'string' : word ? 'word' : 'symbol';
    if (kind === 'symbol' && (text.length > 1 || /\s/.test(text))) {
      space = ' ';
      continue;
    }
    tokens.push({ kind, text, space });
    space = '';
  }
  return tokens;
}

/** Tokens as SQL text again. */
/** Whether a quote is never closed. What that means to a server depends on what comes to stand after it. */
export const hasOpenQuote = (tokens: readonly Token[]): boolean =>
  tokens.some(({ kind, text }) => kind === 'symbol' && /['"`]/.test(text));

/** Two dashes are kept apart: together they would begin a comment where the server sees one and `tokenize` did not. */
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
