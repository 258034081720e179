import { WpcloneError } from '../../shared/errors.ts';

/** What the clone's database server has. */
export interface TargetServer {
  readonly flavor: 'mysql' | 'mariadb';
  readonly engines: ReadonlySet<string>;
  readonly collations: ReadonlySet<string>;
  readonly charsets: ReadonlySet<string>;
  /** Names of tables that differ by case only are the same to it. */
  readonly ignoresCase: boolean;
}

/** Languages of MySQL 8's collations (by their locale) and the names of the older ones for the same language. */
const LANGUAGES: Readonly<Record<string, string>> = {
  cs: 'czech', da: 'danish', de_pb: 'german2', eo: 'esperanto', es: 'spanish', es_trad: 'spanish2', et: 'estonian',
  hr: 'croatian', hu: 'hungarian', is: 'icelandic', la: 'roman', lt: 'lithuanian', lv: 'latvian', pl: 'polish',
  ro: 'romanian', sk: 'slovak', sl: 'slovenian', sv: 'swedish', tr: 'turkish', vi: 'vietnamese',
}; // prettier-ignore

const SPELLINGS: readonly (readonly [string, string])[] = [
  ['utf8mb3', 'utf8'],
  ['utf8', 'utf8mb3'],
];

/** The charset under the name that this server uses for it. Throws COLLATION_UNKNOWN. */
export function mapCharset(charset: string, server: TargetServer): string {
  const name = charset.toLowerCase();
  const found = [name, ...SPELLINGS.filter(([from]) => from === name).map(([, to]) => to)].find((candidate) =>
    server.charsets.has(candidate),
  );
  if (found === undefined) throw unknown(`The character set ${name}`);
  return found;
}

/**
 * The nearest collation that this server has: same language, same sensitivity to accents and case, same treatment of
 * trailing blanks where there is a choice. Throws COLLATION_UNKNOWN when not even the character set is there.
 */
export function mapCollation(collation: string, server: TargetServer): string {
  const name = collation.toLowerCase();
  const found = candidates(name).find((candidate) => server.collations.has(candidate));
  if (found === undefined) throw unknown(`The collation ${name}`);
  return found;
}

function candidates(name: string): string[] {
  const renamed = SPELLINGS.filter(([from]) => name.startsWith(`${from}_`)).map(
    ([from, to]) => to + name.slice(from.length),
  );
  const [, charset = '', tail = ''] = /^([a-z0-9]+)_?(.*)$/.exec(name) ?? [];
  const sensitivity = `${/_as(_|$)/.test(`_${tail}`) ? 'as' : 'ai'}_${tail.endsWith('_cs') ? 'cs' : 'ci'}`;
  const padded = tail.includes('uca1400') && !tail.includes('nopad');
  const locale = tail
    .replace(/(^|_)(0900|uca1400|520|nopad|unicode|general|a[is]|c[is])(?=_|$)/g, '')
    .replace(/^_/, '');
  const language = LANGUAGES[locale] ?? (Object.values(LANGUAGES).includes(locale) ? locale : '');
  const order = tail.endsWith('bin') ? [] : family(language, sensitivity, padded);
  // Of MySQL's, those of version 8 do not fill up with blanks, so that 'a' and 'a ' are two values of a unique key.
  const exact = /0900|nopad/.test(tail) ? ['nopad_bin', '0900_bin', 'bin'] : ['bin'];
  return [name, ...renamed, ...[...order, ...exact].map((rest) => `${charset}_${rest}`)];
}

function family(language: string, sensitivity: string, padded: boolean): string[] {
  const locale = Object.keys(LANGUAGES).find((key) => LANGUAGES[key] === language);
  const uca = (part: string): string[] => {
    const forms = [`uca1400_${part}nopad_${sensitivity}`, `uca1400_${part}${sensitivity}`];
    return padded ? forms.toReversed() : forms;
  };
  const own = language === '' ? [] : [...uca(`${language}_`), `${locale}_0900_${sensitivity}`, `${language}_ci`];
  const exact = [...uca(''), `0900_${sensitivity}`];
  if (sensitivity.endsWith('cs')) return [...own.slice(0, 3), ...exact];
  return [...own, ...exact, 'unicode_520_nopad_ci', 'unicode_520_ci', 'unicode_ci', 'general_ci'];
}

function unknown(what: string): WpcloneError {
  return new WpcloneError('COLLATION_UNKNOWN', `${what} does not exist on the clone's database server.`);
}
