/** Text that may be read where it lies, one character for each byte; a latin1 string is one. */
export interface Text {
  readonly length: number;
  /** NaN outside of the text. */
  charCodeAt(at: number): number;
  indexOf(wanted: string, from?: number): number;
  startsWith(wanted: string, at: number): boolean;
  slice(start: number, end: number): string;
}

/** Bytes as a text, without a string of them. */
export const textOf = (bytes: Buffer): Text => ({
  length: bytes.length,
  charCodeAt: (at) => bytes[at] ?? Number.NaN,
  indexOf: (wanted, from) => bytes.indexOf(wanted, from, 'latin1'),
  startsWith: (wanted, at) => bytes.toString('latin1', at, at + wanted.length) === wanted,
  slice: (start, end) => bytes.toString('latin1', start, end),
});
