/**
 * A value as a PHP literal. In single quotes only the backslash and the quote have a meaning (PHP manual, "Strings", single
 * quoted), so that nothing in a text can end it or be run.
 */
export function phpLiteral(value: string | number | boolean): string {
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&')}'`;
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return Number.isFinite(value) ? String(value) : '0';
}

/** A line of PHP that defines a constant. */
export const phpDefine = (name: string, value: string | number | boolean): string =>
  `define( ${phpLiteral(name)}, ${phpLiteral(value)} );`;
