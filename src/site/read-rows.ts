import { createHash, hash, type Hash } from 'node:crypto';
import { WpcloneError } from '../shared/errors.ts';
import type { RowBlock, TableRead } from './client-types.ts';
import { converse, type Session } from './conversation.ts';
import { rowsHeadSchema, type RowsHead } from './protocol.ts';
import { understood } from './understood.ts';

/** More would only make requests large: the rest is asked for when these are done. */
const TABLES_AT_ONCE = 50;
/** Bytes of one row on the way. It is held whole, and a site may send one that never ends. */
const LONGEST_ROW = 256 << 20;

interface Delivered {
  readonly hash: Hash;
  bytes: number;
}

interface Reading {
  /** The table being read. */
  at: number;
  cursor: readonly string[] | null;
  /** What was delivered of a table without a key: nothing else says where to go on. */
  unkeyed: Delivered | null;
  /** What was delivered of a row that comes in pieces. */
  piece: Delivered | null;
  /** After an answer that ended inside such a row or table: what was delivered of it, which must be the same in what follows. */
  skip: { readonly hash: Hash; left: number; readonly expected: string } | null;
}

/** Streams tables; see `SiteClient.rows`. */
export async function* readRows(
  session: Session,
  tables: readonly TableRead[],
  signal: AbortSignal,
): AsyncGenerator<RowBlock> {
  const reading: Reading = { at: 0, cursor: tables[0]?.after ?? null, unkeyed: null, piece: null, skip: null };
  let base = 0;
  const request = (): object | null => {
    base = reading.at;
    const wanted = tables.slice(base, base + TABLES_AT_ONCE);
    if (wanted.length === 0) return null;
    const held = reading.unkeyed ?? reading.piece;
    const taken = held?.bytes ?? 0;
    reading.skip =
      held === null || taken === 0
        ? null
        : { hash: createHash('sha256'), left: taken, expected: held.hash.copy().digest('hex') };
    const [first, ...others] = wanted.map((table, index) => ask(table, index === 0 ? reading.cursor : null));
    return { op: 'rows', tables: [{ ...first, taken }, ...others.map((each) => ({ ...each, taken: 0 }))] };
  };
  const tableOf = (number: number): string | undefined => tables[base + number]?.name;
  const { frames, progress } = converse(session, { request, tableOf }, signal);
  for await (const frame of frames) {
    const head = understood(rowsHeadSchema, frame.head);
    const table = tables[reading.at];
    if (frame.type !== 'R' || !table || base + head.t !== reading.at) throw unexpected();
    const data = newIn(reading, frame.body, head, table);
    if (data === null) continue;
    if (data.length > 0 || head.last) progress();
    const sha256 = head.part === true ? null : digestOf(reading, data, head.h);
    note(reading, data, head, table);
    if ((reading.piece?.bytes ?? 0) > LONGEST_ROW) throw tooLarge(table);
    if (head.last) advance(reading, tables);
    yield {
      table: table.name,
      data,
      partial: head.part === true,
      rows: head.n,
      cursor: head.c,
      sha256,
      last: head.last === true,
    };
  }
}

const ask = (table: TableRead, after: readonly string[] | null): object => ({
  name: table.name,
  columns: table.columns,
  ...(table.key === null ? {} : { key: table.key }),
  ...(table.other ? { other: true } : {}),
  ...((after ?? table.after) ? { after: after ?? table.after } : {}),
  ...(table.upto ? { upto: table.upto } : {}),
});

const OF_NOTHING = hash('sha256', '', 'hex');

/** Of the block, which its frame has brought along, or of the row that ends with it. */
function digestOf(reading: Reading, data: Buffer, ofFrame: string | undefined): string {
  if (reading.piece === null) return ofFrame ?? OF_NOTHING;
  return reading.piece.hash.copy().update(data).digest('hex');
}

function note(reading: Reading, data: Buffer, { part, c }: RowsHead, { key }: TableRead): void {
  if (key === null) reading.unkeyed = deliver(reading.unkeyed, data);
  reading.piece = part === true ? deliver(reading.piece, data) : null;
  if (part !== true) reading.cursor = c ?? reading.cursor;
}

function deliver(before: Delivered | null, data: Buffer): Delivered {
  const delivered = before ?? { hash: createHash('sha256'), bytes: 0 };
  delivered.hash.update(data);
  delivered.bytes += data.length;
  return delivered;
}

function advance(reading: Reading, tables: readonly TableRead[]): void {
  reading.at += 1;
  reading.cursor = tables[reading.at]?.after ?? null;
  reading.unkeyed = null;
}

/** What of a block was not delivered before; null when nothing is. */
function newIn(reading: Reading, data: Buffer, head: RowsHead, table: TableRead): Buffer | null {
  const { skip } = reading;
  if (skip === null) return data;
  if (head.k !== undefined) {
    reading.skip = null;
    if (head.k === skip.expected) return data;
    throw changed(table);
  }
  // A plugin from before `taken` sends the row from its start, and did not go on in a table without a key.
  if (table.key === null) throw changed(table);
  const known = data.subarray(0, skip.left);
  skip.hash.update(known);
  skip.left -= known.length;
  if (skip.left > 0 && head.part === true) return null;
  reading.skip = null;
  if (skip.left === 0 && skip.hash.digest('hex') === skip.expected) return data.subarray(known.length);
  throw changed(table);
}

function changed({ name, key }: TableRead): WpcloneError {
  const details = { table: name };
  if (key !== null)
    return new WpcloneError('SOURCE_CHANGED', `A large row of ${JSON.stringify(name)} changed while it was read.`, {
      details,
    });
  const message = `Reading ${JSON.stringify(name)} was interrupted, and it has no key to go on from.`;
  return new WpcloneError('TABLE_WITHOUT_KEY', message, { details, retryable: true });
}

const tooLarge = (table: TableRead): WpcloneError =>
  new WpcloneError('ROW_TOO_LARGE', `A row of ${JSON.stringify(table.name)} has more than ${LONGEST_ROW >> 20} MB.`, {
    details: { table: table.name },
  });

const unexpected = (): WpcloneError =>
  new WpcloneError('SOURCE_FAILED', 'The site sent rows that were not asked for.', { retryable: false });
