import { WpcloneError } from '../../shared/errors.ts';
import { bytes as inBytes, printable } from '../../shared/format.ts';

/** How much of rows may differ: all of it is held until the plan is written. */
export interface Room {
  /** Told of each line of a table that is held, and of each that is held no more (below 0), in bytes. Throws TOO_MUCH_DIFFERS. */
  of(table: string): (bytes: number) => void;
}

/** Bytes that a line takes besides its own, in lists and maps. */
const BESIDES = 128;

/** A plan holds no more than this, whatever memory there is: it would be one that nobody can look through. */
const MOST = 96 << 20;

/** By so much more than its lines a plan takes of the memory that the program may have. */
const TIMES = 14;

/** Room in a program that may take so many bytes. */
export const roomWithin = (memory: number): Room => createRoom(Math.min(MOST, Math.floor(memory / TIMES)));

/** Room for so many bytes in all tables together. */
export function createRoom(most: number): Room {
  let held = 0;
  return {
    of: (table) => {
      let own = 0;
      return (bytes) => {
        const more = bytes + Math.sign(bytes) * BESIDES;
        [held, own] = [held + more, own + more];
        if (held > most) throw tooMuch(table, most, own);
      };
    },
  };
}

const tooMuch = (table: string, most: number, own: number): WpcloneError =>
  new WpcloneError(
    'TOO_MUCH_DIFFERS',
    `More than ${inBytes(most)} of rows differ, ${inBytes(own)} of them so far in ${printable(table)}: too much for one plan.`,
    { details: { table } },
  );
