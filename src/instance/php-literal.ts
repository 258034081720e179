/** What a constant of PHP can hold: JSON's values; an object is an array with names. */
export type PhpValue = string | number | boolean | null | PhpValue[] | { [key: string]: PhpValue };

/** Constants and their values. */
export type Definitions = Readonly<Record<string, PhpValue>>;

/**
 * A value as a PHP literal. In single quotes only the backslash and the quote have a meaning (PHP manual, "Strings", single
 * quoted), so that nothing in a text can end it or be run.
 */
export function phpLiteral(value: PhpValue): string {
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&')}'`;
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '0';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `array(${value.map(phpLiteral).join(', ')})`;
  const entries = Object.entries(value).map(([key, each]) => `${phpLiteral(key)} => ${phpLiteral(each)}`);
  return `array(${entries.join(', ')})`;
}

/** A line of PHP that defines a constant. */
export const phpDefine = (name: string, value: PhpValue): string =>
  `define( ${phpLiteral(name)}, ${phpLiteral(value)} );`;
