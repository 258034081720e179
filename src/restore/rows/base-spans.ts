import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { rowFilePath } from '../../transfer/baseline/database.ts';
import { escapedIn, isNumber, LONGEST_DIGEST, type Escaped } from './row-digest.ts';

/** Bytes of rows that are compared at once. */
const SPAN_BYTES = 512 << 10;
const LF = 10;
const TAB = 9;

/** Rows of a row file, one after the other: those whose numbers are above `after`, up to that of their last. */
export interface BaseSpan {
  readonly after: string | null;
  readonly upto: string;
  readonly rows: number;
  /** Their lines without the last one's end. Lent: it holds others when the next span has been asked for. */
  readonly text: Buffer;
  readonly escaped: Escaped;
  /** Of the text, in hexadecimal; to be asked for before the next span. */
  readonly sha256: () => string;
}

/** The rows of the file do not ascend by the number that each begins with, or one is too long to be held here. */
export class NotInSpans extends Error {
  constructor() {
    super('The rows do not come in the order of numbers.');
    this.name = 'NotInSpans';
  }
}

/** Cuts a row file into spans, in memory that is used again. Throws NotInSpans, maybe after some of them. */
export async function* baseSpans(baseline: string, file: string): AsyncGenerator<BaseSpan> {
  const handle = await open(rowFilePath(baseline, file));
  try {
    let room = Buffer.allocUnsafeSlow(SPAN_BYTES);
    let held = 0;
    let after: string | null = null;
    for (;;) {
      const { bytesRead } = await handle.read(room, held, room.length - held);
      held += bytesRead;
      if (held === 0) return;
      const over = bytesRead === 0;
      if (!over && held < room.length) continue;
      const end = over && room[held - 1] !== LF ? held : room.subarray(0, held).lastIndexOf(LF);
      if (end === -1) {
        if (room.length >= LONGEST_DIGEST) throw new NotInSpans();
        room = Buffer.concat([room], room.length * 2);
        continue;
      }
      const text = room.subarray(0, end);
      const { upto, rows } = numbersOf(text, after);
      const escaped = escapedIn(text);
      yield { after, upto, rows, text, escaped, sha256: () => createHash('sha256').update(text).digest('hex') };
      after = upto;
      const next = Math.min(end + 1, held);
      room.copyWithin(0, next, held);
      held -= next;
    }
  } finally {
    await handle.close();
  }
}

/** The number of the last row, and how many there are. */
function numbersOf(text: Buffer, after: string | null): { upto: string; rows: number } {
  let rows = 0;
  let upto = after ?? '';
  let before = after === null ? -Infinity : Number(after);
  for (let start = 0; start <= text.length;) {
    const tab = text.indexOf(TAB, start);
    const found = text.indexOf(LF, start);
    const end = found === -1 ? text.length : found;
    upto = text.toString('latin1', start, tab === -1 ? end : Math.min(tab, end));
    const number = isNumber(upto) ? Number(upto) : Number.NaN;
    if (!(number > before)) throw new NotInSpans();
    before = number;
    rows += 1;
    start = end + 1;
  }
  return { upto, rows };
}
