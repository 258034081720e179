import { createReading, type Reading } from '../rewrite/reading.ts';
import type { TargetConnection } from './connection.ts';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');

/** What PHP gets for a character that its connection's character set lacks. */
const UNKNOWN = '?';
const UTF8 = /[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}|[\x80-\xff]/g;
const ONE_BYTE = /[\x80-\xff]/g;

/** Characters of sets that are not UTF-8, and that do not have one byte for each: everything above ASCII. */
const UNITS: Readonly<Record<string, RegExp>> = {
  utf8mb3: UTF8,
  utf8mb4: UTF8,
  ucs2: /[\s\S]{2}/g,
  utf16: /[\xd8-\xdb][\s\S][\xdc-\xdf][\s\S]|[\s\S]{2}/g,
  utf16le: /[\s\S][\xd8-\xdb][\s\S][\xdc-\xdf]|[\s\S]{2}/g,
  utf32: /[\s\S]{4}/g,
  big5: /[\x81-\xfe][\x40-\xfe]|[\x80-\xff]/g,
  gbk: /[\x81-\xfe][\x40-\xfe]|[\x80-\xff]/g,
  gb2312: /[\xa1-\xf7][\xa1-\xfe]|[\x80-\xff]/g,
  euckr: /[\x81-\xfe][\x41-\xfe]|[\x80-\xff]/g,
  sjis: /[\x81-\x9f\xe0-\xfc][\x40-\xfc]|[\x80-\xff]/g,
  cp932: /[\x81-\x9f\xe0-\xfc][\x40-\xfc]|[\x80-\xff]/g,
  ujis: /\x8f[\xa1-\xfe]{2}|[\x8e\xa1-\xfe][\xa1-\xfe]|[\x80-\xff]/g,
  eucjpms: /\x8f[\xa1-\xfe]{2}|[\x8e\xa1-\xfe][\xa1-\xfe]|[\x80-\xff]/g,
};

/** Sets of two or four bytes a character. */
const WIDE = new Set(['ucs2', 'utf16', 'utf16le', 'utf32']);

/** Characters by their bytes, and the other way round. */
interface Charset {
  decode(bytes: string): string | undefined;
  encode(character: string): string | undefined;
}

const gb18030 = new TextDecoder('gb18030');
/** The clone's tables have UTF-8 instead (collations.ts). */
const GB18030: Reading = createReading({
  ascii: false,
  units: /[\x81-\xfe](?:[\x30-\x39][\x81-\xfe][\x30-\x39]|[\x40-\xfe])|[\x80-\xff]/g,
  convert: (unit) => Buffer.from(gb18030.decode(bytesOf(unit)), 'utf8').toString('latin1'),
  write: (text) => text,
  converted: true,
});

/** Gives the reading of a column by its character set; undefined where PHP gets what is stored. */
export type Readings = (charset: string | null) => Promise<Reading | undefined>;

/**
 * `connected` is the character set of PHP's connection, `known` are those of the clone's server. What a server's set holds is asked of the clone's server, once for each
 * that is met.
 */
export function createReadings(connection: TargetConnection, connected: string, known: ReadonlySet<string>): Readings {
  const charsets = new Map<string, Promise<Charset>>();
  const readings = new Map<string, Promise<Reading | undefined>>();
  const charsetOf = (name: string): Promise<Charset> => {
    const found = charsets.get(name) ?? load(connection, name);
    charsets.set(name, found);
    return found;
  };
  const to = canonical(connected);
  const make = async (from: string): Promise<Reading | undefined> => {
    if (from === 'gb18030') return known.has(from) ? undefined : GB18030;
    if (from === to || from === 'ascii' || (from === 'utf8mb3' && to === 'utf8mb4')) return undefined;
    const [stored, got] = await Promise.all([charsetOf(from), charsetOf(to)]);
    const characters = new RegExp(`${(UNITS[to] ?? ONE_BYTE).source}|[\\s\\S]`, 'g');
    return createReading({
      // To MySQL's sjis, a backslash is one of two bytes.
      ascii: stored.encode('\\') === '\\',
      units: UNITS[from] ?? ONE_BYTE,
      convert: (unit) => got.encode(stored.decode(unit) ?? UNKNOWN) ?? UNKNOWN,
      write: (text) => text.replaceAll(characters, (unit) => stored.encode(got.decode(unit) ?? UNKNOWN) ?? UNKNOWN),
    });
  };
  return (charset) => {
    const from = canonical(charset ?? 'binary');
    if (from === 'binary' || to === 'binary' || to === '') return Promise.resolve(undefined);
    const reading = readings.get(from) ?? make(from);
    readings.set(from, reading);
    return reading;
  };
}

const canonical = (charset: string): string => (charset.toLowerCase() === 'utf8' ? 'utf8mb3' : charset.toLowerCase());

async function load(connection: TargetConnection, name: string): Promise<Charset> {
  if (name.startsWith('utf8')) return utf8(name);
  if (WIDE.has(name)) return wide(name);
  return table(await charactersOf(connection, name));
}

function utf8(name: string): Charset {
  return {
    decode: (bytes) => {
      const text = bytesOf(bytes).toString('utf8');
      return text.includes('\uFFFD') && bytes !== '\xef\xbf\xbd' ? undefined : text;
    },
    encode: (character) =>
      name === 'utf8mb3' && character.length > 1 ? undefined : Buffer.from(character, 'utf8').toString('latin1'),
  };
}

function wide(name: string): Charset {
  return {
    decode: (bytes) => {
      if (name === 'utf32') return character(bytesOf(bytes).readUInt32BE());
      const buffer = name === 'utf16le' ? bytesOf(bytes) : bytesOf(bytes).swap16();
      return buffer.toString('utf16le');
    },
    encode: (text) => {
      if (name === 'utf32') return utf32(text.codePointAt(0) ?? 0);
      const buffer = Buffer.from(text, 'utf16le');
      return (name === 'utf16le' ? buffer : buffer.swap16()).toString('latin1');
    },
  };
}

function utf32(code: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(code);
  return bytes.toString('latin1');
}

const character = (code: number): string | undefined => (code <= 0x10ffff ? String.fromCodePoint(code) : undefined);

function table(characters: ReadonlyMap<string, string>): Charset {
  const bytes = new Map([...characters].map(([stored, text]) => [text, stored]));
  return {
    decode: (stored) => characters.get(stored) ?? (stored < '\u0080' ? stored : undefined),
    encode: (text) => bytes.get(text) ?? (text < '\u0080' ? text : undefined),
  };
}

/** The characters of a set that are not ASCII, by their bytes: all numbers of one, two or three bytes that stand for exactly one. */
async function charactersOf(connection: TargetConnection, name: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const ranges: (readonly [number, number])[] = [[0x80, 0xff]];
  if (UNITS[name]) ranges.push([0x8140, 0xfefe]);
  if (name === 'ujis' || name === 'eucjpms') ranges.push([0x8fa1a1, 0x8ffefe]);
  for (const [first, last] of ranges) {
    const rows = await connection.query(
      `SELECT seq AS code, HEX(CONVERT(CONVERT(UNHEX(HEX(seq)) USING ${name}) USING utf8mb4)) AS text FROM seq_${first}_to_${last}`,
    );
    for (const { code, text } of rows) {
      const decoded = Buffer.from(String(text ?? ''), 'hex').toString('utf8');
      if (Array.from(decoded).length === 1 && decoded !== UNKNOWN)
        found.set(Buffer.from(Number(code).toString(16), 'hex').toString('latin1'), decoded);
    }
  }
  return found;
}
