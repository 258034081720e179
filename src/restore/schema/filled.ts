import { escapeField } from '../../transfer/rewrite/rows.ts';
import type { Column } from './parts.ts';

/** What the rows that are there get in a column that is added: `field` as row files have it. */
export type Filled = { readonly field: string } | 'moment' | 'unknown';

const NULL_FIELD = String.raw`\N`;
const TEXT = /^(char|varchar|tinytext|text|mediumtext|longtext|enum|set)\b/;
const NUMBER = /^((tiny|small|medium|big)?int|decimal|numeric|float|double)\b/;

/** What adding a column leaves in the rows of a table. `moment`: when it was added, which is another on each side. */
export function filledWith({ type, nullable, fallback, collation }: Column): Filled {
  if (fallback.kind === 'now') return 'moment';
  if (fallback.kind === 'null' || (fallback.kind === 'none' && nullable)) return { field: NULL_FIELD };
  if (fallback.kind === 'none') return implied(type);
  const { value } = fallback;
  if (NUMBER.test(type)) return { field: value };
  if (TEXT.test(type)) {
    // In another character set it would be stored in other bytes.
    const known = /^[\x20-\x7e]*$/.test(value) || (collation ?? 'utf8').startsWith('utf8');
    return known ? { field: escapeField(Buffer.from(value, 'utf8').toString('latin1')) } : 'unknown';
  }
  return /^(date|datetime|time|year)\b/.test(type) ? { field: value } : 'unknown';
}

/** What a server writes into a column that may not be NULL and has no default. */
function implied(type: string): Filled {
  const [, digits] = /\((?:\d+,)?(\d+)\)/.exec(type) ?? [];
  const fraction = digits === undefined || digits === '0' ? '' : `.${'0'.repeat(Number(digits))}`;
  if (/^(decimal|numeric)\b/.test(type)) return { field: `0${type.includes(',') ? fraction : ''}` };
  if (NUMBER.test(type)) return { field: '0' };
  if (/^enum\b/.test(type)) {
    const [, first] = /^enum\('([\w .:/-]*)'/.exec(type) ?? [];
    return first === undefined ? 'unknown' : { field: first };
  }
  if (TEXT.test(type) || type.endsWith('blob') || /^varbinary\b/.test(type)) return { field: '' };
  if (/^date$/.test(type)) return { field: '0000-00-00' };
  if (/^datetime\b/.test(type)) return { field: `0000-00-00 00:00:00${fraction}` };
  return /^time\b(?!stamp)/.test(type) ? { field: `00:00:00${fraction}` } : 'unknown';
}
