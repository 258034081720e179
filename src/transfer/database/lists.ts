import { escapedName, type WarningCollector } from '../warnings.ts';
import type { TableDefinition } from './definition.ts';
import type { Spelling } from './spelling.ts';
import { isWord, unquoteText } from './sql-tokens.ts';

/** Characters of one value (MariaDB manual, "ENUM"). */
const LONGEST = 255;

/**
 * Columns of the types ENUM and SET whose values stay as they are, in the definition and in the rows, with a warning: two of them would become
 * one, as where a site is listed under http and https, or one would be too long.
 */
export function listsAsTheyAre(
  { name: table, columns }: TableDefinition,
  text: Spelling['text'],
  warnings: WarningCollector,
): ReadonlySet<string> {
  const kept = columns.filter(({ tokens }) => {
    if (!isWord(tokens[1], 'ENUM', 'SET')) return false;
    const end = tokens.findIndex((token) => token.text === ')');
    const values = tokens.slice(0, end).flatMap((token) => (token.kind === 'string' ? [unquoteText(token)] : []));
    const become = values.map(text);
    if (become.every((value, at) => value === values[at])) return false;
    return new Set(become.map((value) => value.toLowerCase())).size < values.length || become.some(isTooLong);
  });
  for (const { name } of kept)
    warnings.add(
      'ADDRESS_KEPT',
      `${escapedName(table)}.${escapedName(name)} keeps the address of the site in the values that it is limited to: with the clone's two of them would be the same, or one too long.`,
    );
  return new Set(kept.map(({ name }) => name));
}

const isTooLong = (value: string): boolean => value.length > LONGEST;
