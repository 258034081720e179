import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { WpcloneError } from '../../shared/errors.ts';
import { printable } from '../../shared/format.ts';
import type { HostFacts } from '../../site/write/answers.ts';
import type { FilePiece, WriteClient } from '../../site/write/client.ts';
import type { FileChange } from '../changes.ts';
import { openOwn } from '../code/own-file.ts';

/** Bytes of files in one request. On their way they take about twice that, and many web servers let no request of more than 1 MB through. */
export const PIECE_BYTES = 400_000;

/** Files in one request: each costs the site a look at what it has. */
const FILES_AT_ONCE = 200;

/** The least that is tried where a web server refuses what is larger. */
const LEAST_BYTES = 16_000;

interface Sending {
  /** The clone's document root. */
  readonly www: string;
  readonly signal: AbortSignal;
  /** Told of bytes that were brought. */
  readonly sent?: (bytes: number) => void;
  /** Bytes of a file, by its number, that an earlier attempt has brought; Infinity where nothing of it is left to do. */
  readonly had?: (number: number) => number;
}

/** What the site has of the files of a stage that goes on. */
export function filesThere(staged: HostFacts['staged']): (number: number) => number {
  const begun = new Map(staged?.begun);
  return (number) =>
    staged?.whole.some(([first, last]) => first <= number && number <= last) === true
      ? Infinity
      : (begun.get(number) ?? 0);
}

/**
 * Brings files to the site: small ones together, large ones in pieces, less at once where the site takes no more. Throws PLAN_OUTDATED when
 * one is not what the plan says any more.
 */
export async function sendFiles(
  client: Pick<WriteClient, 'files'>,
  files: readonly FileChange[],
  { www, signal, sent, had = () => 0 }: Sending,
): Promise<void> {
  let most = PIECE_BYTES;
  let pieces: FilePiece[] = [];
  let held = 0;
  const flush = async (): Promise<void> => {
    if (pieces.length > 0) await sendOrHalve(client, pieces, signal, () => (most = Math.max(LEAST_BYTES, most / 2)));
    sent?.(held);
    [pieces, held] = [[], 0];
  };
  for (const [at, file] of files.entries()) {
    const whole = had(at + 1);
    if (whole === Infinity) {
      sent?.(file.size);
      continue;
    }
    // With its last piece the site looks at it.
    const there = Math.min(whole, Math.max(0, file.size - 1));
    sent?.(there);
    for await (const { offset, bytes } of piecesOf(file, www, there, () => most - held)) {
      pieces.push([at + 1, offset, bytes.toString('base64')]);
      held += bytes.length;
      if (held >= most || pieces.length >= FILES_AT_ONCE) await flush();
    }
  }
  await flush();
}

/** Where a web server refuses so large a request, it is sent in two. */
async function sendOrHalve(
  client: Pick<WriteClient, 'files'>,
  pieces: readonly FilePiece[],
  signal: AbortSignal,
  lessFromNowOn: () => void,
): Promise<void> {
  try {
    await client.files(pieces, signal);
  } catch (error) {
    const halves = isTooLarge(error) ? halvesOf(pieces) : undefined;
    if (!halves) throw error;
    lessFromNowOn();
    for (const half of halves) await sendOrHalve(client, half, signal, lessFromNowOn);
  }
}

/** PHP throws a body away that is larger than its post_max_size, and WordPress shows its front page. */
const isTooLarge = (error: unknown): boolean =>
  error instanceof WpcloneError &&
  (error.details['status'] === 413 || (error.code === 'MIGRATOR_MISSING' && error.details['status'] === 200));

function halvesOf(pieces: readonly FilePiece[]): [FilePiece[], FilePiece[]] | undefined {
  const [first] = pieces;
  if (pieces.length > 1 || first === undefined) {
    const middle = Math.ceil(pieces.length / 2);
    return [pieces.slice(0, middle), pieces.slice(middle)];
  }
  const [file, offset, base64] = first;
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length <= LEAST_BYTES) return undefined;
  const middle = Math.ceil(bytes.length / 2);
  const part = (from: number, to: number): FilePiece => [file, offset + from, bytes.toString('base64', from, to)];
  return [[part(0, middle)], [part(middle, bytes.length)]];
}

interface Piece {
  readonly offset: number;
  readonly bytes: Buffer;
}

/** The pieces of one file from a place on, each as large as there is room; at least one. */
async function* piecesOf(file: FileChange, www: string, from: number, room: () => number): AsyncGenerator<Piece> {
  const { after, content, size } = file;
  if (after === null || after === file.before) yield { offset: 0, bytes: Buffer.alloc(0) };
  else if (content !== undefined) yield* cut(content, from, room);
  else {
    const hash = createHash('sha256');
    const handle = await openOwn(www, file.place);
    if (handle === undefined) throw changed(file);
    try {
      let offset = 0;
      do {
        // What is there already is read for its digest only.
        const most = offset < from ? Math.min(from - offset, PIECE_BYTES) : Math.max(1, room());
        const bytes = await read(handle, offset, Math.min(size - offset, most));
        if (bytes.length === 0 && size > offset) throw changed(file);
        hash.update(bytes);
        // The last piece ends it at the site: by then it has to be the right one.
        if (offset + bytes.length === size && hash.copy().digest('hex') !== after) throw changed(file);
        if (offset >= from) yield { offset, bytes };
        offset += bytes.length;
      } while (offset < size);
    } finally {
      await handle.close();
    }
  }
}

function* cut(content: Buffer, from: number, room: () => number): Generator<Piece> {
  let offset = from;
  do {
    const bytes = content.subarray(offset, offset + Math.max(1, room()));
    yield { offset, bytes };
    offset += bytes.length;
  } while (offset < content.length);
}

async function read(handle: FileHandle, offset: number, size: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), { position: offset });
  return buffer.subarray(0, bytesRead);
}

const changed = ({ path }: FileChange): WpcloneError =>
  new WpcloneError('PLAN_OUTDATED', `The clone's ${printable(path).slice(0, 150)} changed since the plan was made.`);
