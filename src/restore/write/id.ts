import type { WorkContext } from '../../shared/context.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';

/** An id for a restore: `rst-` and 40 random bits. It stands in the names of tables. */
export const newRestoreId = (randomBytes: WorkContext['randomBytes']): string =>
  `rst-${[...randomBytes(8)].map((byte) => LETTERS[byte % 32] ?? '').join('')}`;

/** Whether a word is the id of a restore. */
export const isRestoreId = (word: string): boolean => /^rst-[a-z2-7]{8}$/.test(word);
