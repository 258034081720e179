/** The text of a cell, whose characters are the bytes that are stored (see changes.ts); these are read as UTF-8. */
export const textOfCell = (cell: string): string => Buffer.from(cell, 'latin1').toString('utf8');

/** A text as a cell holds it. */
export const cellOfText = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');
