import type { Column, Definition } from './parts.ts';

/** The clone's column, where that holds all that the column held before, in the same words. */
export interface Widened extends Column {
  /** Whether a server may have to write the table anew for it, while nobody else can write to it. */
  readonly copies: boolean;
}

type Table = Pick<Definition, 'collation'>;

const WHOLE_NUMBERS = ['tinyint', 'smallint', 'mediumint', 'int', 'bigint'];
const TEXTS = ['tinytext', 'text', 'mediumtext', 'longtext'];
const BLOBS = ['tinyblob', 'blob', 'mediumblob', 'longblob'];
/** Characters of a text that fit a `text`, whatever they are. */
const TEXT_CHARACTERS = 16_383;

/** Each is part of those behind it, in the same bytes. */
const CHARSETS = ['ascii', 'utf8mb3', 'utf8mb4'];

/**
 * What a column became, when every value that it could hold is the same in it now: what rows hold does not change, nor how it is written.
 * Undefined where it is more, or less, than that. Defaults may be others: they are for rows that are to come.
 */
export function widened(from: Column, to: Column, base: Table, clone: Table): Widened | undefined {
  const [before, now] = [from.collation ?? base.collation, to.collation ?? clone.collation];
  const isText = /^(char|varchar|tinytext|text|mediumtext|longtext|enum|set)\b/.test(to.type);
  const charsets = isText ? [charsetOf(before), charsetOf(now)] : ['', ''];
  const types = from.type === to.type ? { copies: false } : widerType(from.type, to.type);
  const fits =
    types !== undefined &&
    (charsets[0] === charsets[1] || isPart(CHARSETS, charsets[0], charsets[1])) &&
    (to.nullable || !from.nullable) &&
    from.counts === to.counts &&
    from.stamped === to.stamped &&
    from.other + to.other === '';
  if (!fits) return undefined;
  const isSpelledAnew = isText && before !== now;
  return { ...to, collation: isSpelledAnew ? now : null, copies: types.copies || isSpelledAnew };
}

/** Whether it is another column at all: where a table says what its columns do not, that is what they have. */
export const isOther = (from: Column, to: Column, base: Table, clone: Table): boolean =>
  JSON.stringify({ ...from, collation: from.collation ?? base.collation }) !==
  JSON.stringify({ ...to, collation: to.collation ?? clone.collation });

const charsetOf = (collation: string | null): string => {
  const [name = ''] = (collation ?? '').split('_');
  return name === 'utf8' ? 'utf8mb3' : name;
};

const isPart = (order: readonly string[], one: string | undefined, other: string | undefined): boolean =>
  order.includes(one ?? '') && order.indexOf(one ?? '') < order.indexOf(other ?? '');

interface Type {
  readonly name: string;
  /** What stands in brackets. */
  readonly size: string;
  /** `unsigned`, `zerofill`. */
  readonly more: string;
}

function widerType(from: string, to: string): { readonly copies: boolean } | undefined {
  const [one, other] = [typeOf(from), typeOf(to)];
  if (`${one.more}${other.more}`.includes('zerofill')) return undefined;
  return wholeNumber(one, other) ?? decimal(one, other) ?? text(one, other) ?? list(one, other);
}

function typeOf(type: string): Type {
  const [, name = '', size = '', more = ''] = /^(\w+)(?:\((.*)\))?( .*)?$/.exec(type) ?? [];
  return { name, size, more: more.trim() };
}

function wholeNumber(one: Type, other: Type): { readonly copies: boolean } | undefined {
  const [from, to] = [WHOLE_NUMBERS.indexOf(one.name), WHOLE_NUMBERS.indexOf(other.name)];
  if (from === -1 || to === -1) return undefined;
  const fits = one.more === other.more ? to >= from : one.more === 'unsigned' && to > from;
  // How wide a number is shown changes nothing that is kept.
  return fits ? { copies: to !== from || one.more !== other.more } : undefined;
}

function decimal(one: Type, other: Type): { readonly copies: boolean } | undefined {
  if (one.name !== 'decimal' || other.name !== 'decimal') return undefined;
  const [from = 0, scale = 0] = one.size.split(',').map(Number);
  const [to = 0, scaleNow = 0] = other.size.split(',').map(Number);
  const isSigned = one.more === other.more || other.more === '';
  // With more digits behind the point the same number is written otherwise.
  return scale === scaleNow && to >= from && isSigned ? { copies: true } : undefined;
}

function text(one: Type, other: Type): { readonly copies: boolean } | undefined {
  for (const order of [TEXTS, BLOBS]) if (isPart(order, one.name, other.name)) return { copies: true };
  const [from, to] = [Number(one.size), Number(other.size)];
  if (one.name === 'varchar' && TEXTS.indexOf(other.name) > 0)
    return from <= TEXT_CHARACTERS || TEXTS.indexOf(other.name) > 1 ? { copies: true } : undefined;
  const isLonger = (one.name === other.name || (one.name === 'char' && other.name === 'varchar')) && to >= from;
  if (!isLonger || !/^(char|varchar|varbinary)$/.test(one.name)) return undefined;
  // Up to so many characters the length takes one byte, in any character set.
  return { copies: one.name === 'char' || (from < 64 ? to >= 64 : from < 256 && to >= 64) };
}

function list(one: Type, other: Type): { readonly copies: boolean } | undefined {
  if (one.name !== other.name || !/^(enum|set)$/.test(one.name)) return undefined;
  const [from, to] = [valuesOf(one), valuesOf(other)];
  if (!from.every((value) => to.includes(value))) return undefined;
  // A set is written in the order of its list.
  if (one.name === 'set' && to.filter((value) => from.includes(value)).join() !== from.join()) return undefined;
  return {
    copies: from.some((value, at) => to[at] !== value) || Math.ceil(from.length / 8) !== Math.ceil(to.length / 8),
  };
}

/** As a server writes them, each in its quotes: a value may hold a comma. */
const valuesOf = ({ size }: Type): readonly string[] => size.match(/'(?:[^']|'')*'/g) ?? [];
