import { closingParenthesis, isWord, type Token } from './sql-tokens.ts';

/** What is kept of a key, a foreign key or a check, and what behind it is not. */
export interface Rebuilt {
  readonly tokens: readonly Token[];
  readonly rest: readonly Token[];
}

/**
 * Reads tokens one part after the other and keeps only what it was asked for. These parts of a definition come to stand at the
 * end of an ALTER TABLE, where more than they may follow: partitions, for example, with folders of their own.
 */
class Parts {
  readonly kept: Token[] = [];
  #at = 0;
  readonly #tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Keeps the next token when it is one of these words. */
  word(...words: readonly string[]): boolean {
    return this.#take(isWord(this.#tokens[this.#at], ...words));
  }

  /** Keeps these words when they follow in this order. */
  words(...words: readonly string[]): boolean {
    if (!words.every((word, index) => isWord(this.#tokens[this.#at + index], word))) return false;
    return words.every((word) => this.word(word));
  }

  /** Keeps a quoted name. */
  name(): boolean {
    return this.#take(this.#tokens[this.#at]?.kind === 'name');
  }

  /** Keeps parentheses that match, with what is between them. */
  group(): boolean {
    const end = this.#tokens[this.#at]?.text === '(' ? closingParenthesis(this.#tokens, this.#at) : undefined;
    if (end === undefined) return false;
    while (this.#at <= end) this.#take(true);
    return true;
  }

  /** Keeps a value of this kind, behind an equals sign or not, that looks like this. */
  value(kind: Token['kind'], looks: RegExp): boolean {
    const sign = this.#tokens[this.#at]?.text === '=' ? 1 : 0;
    const value = this.#tokens[this.#at + sign];
    if (value?.kind !== kind || !looks.test(value.text)) return false;
    for (let count = 0; count <= sign; count += 1) this.#take(true);
    return true;
  }

  /** Takes back what was kept since it had this length. */
  back(length: number): false {
    this.#at -= this.kept.splice(length).length;
    return false;
  }

  finish(): Rebuilt {
    return { tokens: this.kept, rest: this.#tokens.slice(this.#at) };
  }

  #take(wanted: boolean): boolean {
    const token = this.#tokens[this.#at];
    if (!wanted || token === undefined) return false;
    this.kept.push(token);
    this.#at += 1;
    return true;
  }
}

/** A key of any kind; undefined when it is none. */
export function rebuildKey(tokens: readonly Token[]): Rebuilt | undefined {
  const parts = new Parts(tokens);
  constraintName(parts);
  if (!parts.words('PRIMARY', 'KEY')) {
    const kind = parts.word('UNIQUE', 'FULLTEXT', 'SPATIAL', 'VECTOR');
    if (!parts.word('KEY', 'INDEX') && !kind) return undefined;
    parts.name();
  }
  using(parts);
  if (!parts.group()) return undefined;
  while (using(parts) || keyOption(parts)) continue;
  return parts.finish();
}

const constraintName = (parts: Parts): boolean => parts.word('CONSTRAINT') && parts.name();

const using = (parts: Parts): boolean => option(parts, 'USING', () => parts.word('BTREE', 'HASH', 'RTREE'));

const keyOption = (parts: Parts): boolean =>
  option(parts, 'COMMENT', () => parts.value('string', /^/)) ||
  option(parts, 'KEY_BLOCK_SIZE', () => parts.value('word', /^\d+$/)) ||
  option(parts, 'M', () => parts.value('word', /^\d+$/)) ||
  option(parts, 'DISTANCE', () => parts.value('word', /^\w+$/)) ||
  parts.words('NOT', 'IGNORED') ||
  parts.word('IGNORED');

/** Keeps a word together with what has to follow it, or neither. */
function option(parts: Parts, word: string, follows: () => boolean): boolean {
  const before = parts.kept.length;
  return parts.word(word) && (follows() || parts.back(before));
}

/** A foreign key; undefined when it is none. */
export function rebuildForeignKey(tokens: readonly Token[]): Rebuilt | undefined {
  const parts = new Parts(tokens);
  constraintName(parts);
  if (!parts.words('FOREIGN', 'KEY')) return undefined;
  parts.name();
  if (!parts.group() || !parts.word('REFERENCES') || !parts.name() || !parts.group()) return undefined;
  while (option(parts, 'MATCH', () => parts.word('FULL', 'PARTIAL', 'SIMPLE')) || reaction(parts)) continue;
  return parts.finish();
}

const reaction = (parts: Parts): boolean =>
  option(parts, 'ON', () => {
    if (!parts.word('DELETE', 'UPDATE')) return false;
    return (
      parts.word('RESTRICT', 'CASCADE') ||
      parts.words('SET', 'NULL') ||
      parts.words('SET', 'DEFAULT') ||
      parts.words('NO', 'ACTION')
    );
  });

/** A check of the table; undefined when it is none. */
export function rebuildCheck(tokens: readonly Token[]): Rebuilt | undefined {
  const parts = new Parts(tokens);
  constraintName(parts);
  if (!parts.word('CHECK') || !parts.group()) return undefined;
  if (!parts.words('NOT', 'ENFORCED')) parts.word('ENFORCED');
  return parts.finish();
}
