import type { BigIntStats } from 'node:fs';

/**
 * What tells whether a file in the document root is still the one that was written there: its number, size and times. A program can set
 * the time of the content as it likes, but not the time of the last change to the file, which the kernel keeps.
 *
 * It has a module of its own since the writing thread loads it, and a thread's libraries are memory of its own.
 */
export const factsOf = ({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string => `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
