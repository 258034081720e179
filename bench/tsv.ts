const ESCAPED: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n' };

/** A row as LOAD DATA reads it with its defaults. */
export const tsvRow = (fields: readonly (string | number)[]): string =>
  `${fields.map((field) => String(field).replaceAll(/[\\\t\n]/g, (sign) => ESCAPED[sign] ?? sign)).join('\t')}\n`;
