import { escapeField } from '../rewrite/rows.ts';

/** A column with its type as information_schema has it (`bit(3)`, `float unsigned`). */
export interface TypedColumn {
  readonly name: string;
  readonly type: string;
}

/** How a column is read so that its value comes in the bytes in which the migrator sends it. */
export function fieldExpression({ name, type }: TypedColumn): string {
  const quoted = `\`${name.replaceAll('`', '``')}\``;
  const bits = /^bit\((\d+)\)/.exec(type)?.[1];
  if (bits !== undefined) return `UNHEX(LPAD(HEX(${quoted}), ${2 * Math.ceil(Number(bits) / 8)}, '0'))`;
  return /^float( unsigned)?$/.test(type) ? `(${quoted}+0e0)` : quoted;
}

/** A row in the form of the row files, without its end. */
export const rowText = (values: readonly (Buffer | null)[]): string =>
  values.map((value) => (value === null ? '\\N' : escapeField(value.toString('latin1')))).join('\t');
