import { WpcloneError } from '../shared/errors.ts';
import type { DigestRead, RangeDigest } from './client-types.ts';
import { converse, type Session } from './conversation.ts';
import { digestHeadSchema } from './protocol.ts';
import { understood } from './understood.ts';

/** More would only make requests large: the rest is asked for when these are done. */
const TABLES_AT_ONCE = 50;
/** Characters of keys in one request. */
const BOUNDS_AT_ONCE = 250_000;

interface Reading {
  /** The table whose ranges come next. */
  at: number;
  /** How many of its bounds were reached. */
  reached: number;
  cursor: readonly string[] | null;
}

/** Asks for digests; see `SiteClient.digests`. */
export async function* readDigests(
  session: Session,
  tables: readonly DigestRead[],
  signal: AbortSignal,
): AsyncGenerator<RangeDigest> {
  const reading: Reading = { at: 0, reached: 0, cursor: tables[0]?.after ?? null };
  let base = 0;
  const request = (): object | null => {
    base = reading.at;
    return nextRequest(reading, tables);
  };
  const tableOf = (number: number): string | undefined => tables[base + number]?.name;
  const { frames, progress } = converse(session, { request, tableOf }, signal);
  for await (const frame of frames) {
    const head = understood(digestHeadSchema, frame.head);
    const table = tables[reading.at];
    if (frame.type !== 'D' || !table || base + head.t !== reading.at) throw unexpected();
    if (head.part === true) continue;
    progress();
    const bounded = reading.reached < table.bounds.length;
    if (head.d === undefined || (bounded && head.cut !== true && !same(head.c, table.bounds[reading.reached])))
      throw unexpected();
    if (bounded && head.cut !== true) reading.reached += 1;
    reading.cursor = head.c ?? reading.cursor;
    const end = head.last === true;
    if (end || (table.stop && reading.reached === table.bounds.length)) advance(reading, tables);
    yield {
      table: table.name,
      rows: head.n,
      bytes: head.b,
      last: head.c,
      sha256: head.cut === true ? null : head.d,
      format: head.f,
      end,
    };
  }
}

/** From where the frames so far have brought us; null when nothing is left to ask for. */
function nextRequest(reading: Reading, tables: readonly DigestRead[]): object | null {
  const wanted: object[] = [];
  let room = BOUNDS_AT_ONCE;
  for (const table of tables.slice(reading.at, reading.at + TABLES_AT_ONCE)) {
    const first = wanted.length === 0;
    const left = first ? table.bounds.slice(reading.reached) : table.bounds;
    const after = first ? reading.cursor : (table.after ?? null);
    const bounds = takeWhileRoom(left, room);
    const { name, columns, key, other } = table;
    const isCut = bounds.length < left.length;
    wanted.push({
      name,
      columns,
      ...(key && { key }),
      ...(other && { other }),
      ...(after && { after }),
      bounds,
      ...((isCut || table.stop) && { stop: true }),
    });
    room -= sizeOf(bounds);
    if (isCut) break;
  }
  return wanted.length === 0 ? null : { op: 'digest', tables: wanted };
}

/** As many bounds as fit, at least one, so that it goes on in any case. */
function takeWhileRoom(bounds: DigestRead['bounds'], room: number): DigestRead['bounds'] {
  let size = 0;
  const end = bounds.findIndex((bound) => (size += sizeOf([bound])) > room);
  return end === -1 ? bounds : bounds.slice(0, Math.max(1, end));
}

const sizeOf = (bounds: DigestRead['bounds']): number =>
  bounds.reduce((sum, bound) => bound.reduce((all, value) => all + value.length + 3, sum + 3), 0);

function advance(reading: Reading, tables: readonly DigestRead[]): void {
  reading.at += 1;
  reading.reached = 0;
  reading.cursor = tables[reading.at]?.after ?? null;
}

const same = (a: readonly string[] | null, b: readonly string[] | undefined): boolean =>
  a !== null && a.length === b?.length && a.every((value, at) => value === b[at]);

const unexpected = (): WpcloneError =>
  new WpcloneError('SOURCE_FAILED', 'The site sent digests that were not asked for.', { retryable: false });
