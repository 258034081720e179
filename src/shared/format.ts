import { stripVTControlCharacters } from 'node:util';

/** 182_000_000 → "182 MB" (decimal units, as disks and transfers are sold). */
export function bytes(size: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = size;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit > 0 && value < 9.95 ? value.toFixed(1) : value.toFixed(0)} ${units[unit] ?? 'TB'}`;
}

/** 412031 → "412,031". */
export function count(number: number): string {
  return number.toLocaleString('en-US');
}

/** `1 row`, `2,000 rows`. */
export const counted = (number: number, what: string): string => `${count(number)} ${what}${number === 1 ? '' : 's'}`;

/** 0.42 → "0.4 s"; 75 → "1 min 15 s". */
export function seconds(value: number): string {
  if (value < 59.95) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** How long until `end`, from `now`, both in milliseconds: "30 min", "2 h", "7 days"; "over" when it has passed. */
export function remaining(end: number, now: number): string {
  const minutes = Math.round((end - now) / 60_000);
  if (end <= now) return 'over';
  if (minutes < 1) return 'less than a minute';
  if (minutes < 120) return `${minutes} min`;
  if (minutes < 48 * 60) return `${trimmed(minutes / 60)} h`;
  return `${trimmed(minutes / 1440)} days`;
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, '');
}

/** Rows as columns, two spaces apart, as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, visibleLength(cell));
  }
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell + ' '.repeat(Math.max(0, (widths[index] ?? 0) - visibleLength(cell))))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length;
}

/** A word for a shell, as it is or in quotes: people copy the commands that they are told. Control characters are left out. */
export function shellWord(text: string): string {
  const word = printable(text);
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** JSON in which no character can rewrite what a terminal shows: those that JSON itself leaves as they are are escaped too. */
export function safeJson(value: unknown, indent?: number): string {
  // oxlint-disable-next-line no-control-regex
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Text that a site wrote (names, subjects, log lines), safe to print: control characters could rewrite what the terminal
 * shows. Line feeds and tabs stay where `multiline` allows them.
 */
export function printable(text: string, multiline = false): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (character) =>
    multiline && (character === '\n' || character === '\t') ? character : '',
  );
}
