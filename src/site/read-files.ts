import { createHash, type Hash } from 'node:crypto';
import { WpcloneError } from '../shared/errors.ts';
import type { FileEvent, FileRequest } from './client-types.ts';
import { converse, type Session } from './conversation.ts';
import {
  filesHeadSchema,
  toWireName,
  type FileFailure,
  type FileHeld,
  type FilePiece,
  type FileState,
} from './protocol.ts';
import { understood } from './understood.ts';

/** Bounds of one request, so that it stays far below the body sizes that hosts accept. */
const FILES_AT_ONCE = 2000;
const NAME_BYTES_AT_ONCE = 128 << 10;

/** The file that is being received. */
interface Receiving {
  offset: number;
  readonly state: FileState;
  /** Of a file that comes in more than one piece. */
  hash: Hash | undefined;
}

interface Progress {
  /** The first file that has not ended. */
  next: number;
  receiving: Receiving | null;
}

/** Streams bodies; see `SiteClient.files`. */
export async function* readFiles(
  session: Session,
  files: readonly FileRequest[],
  signal: AbortSignal,
): AsyncGenerator<FileEvent> {
  const state: Progress = { next: 0, receiving: null };
  let base = 0;
  const request = (): object | null => {
    base = state.next;
    return base < files.length ? { op: 'files', files: listFrom(files, state) } : null;
  };
  const { frames, progress } = converse(session, { request }, signal);
  for await (const frame of frames) {
    if (frame.type !== 'B') throw unexpected();
    let at = 0;
    for (const piece of understood(filesHeadSchema, frame.head).pieces) {
      const file = files[state.next];
      if (!file || base + piece.i !== state.next) throw unexpected();
      const events = 'n' in piece ? receive(piece, frame.body, at, file, state) : withoutBody(piece, file, state);
      if ('n' in piece) at += piece.n;
      progress();
      yield* events;
    }
  }
}

function listFrom(files: readonly FileRequest[], { next, receiving }: Progress): unknown[] {
  const list: unknown[] = [];
  let bytes = 0;
  for (let index = next; index < files.length && list.length < FILES_AT_ONCE; index += 1) {
    const file = files[index];
    if (!file) break;
    bytes += Buffer.byteLength(file.path) + 16;
    if (bytes > NAME_BYTES_AT_ONCE && list.length > 0) break;
    const resumed = index === next && receiving !== null;
    const named = [file.root, toWireName(file.path)];
    if (resumed) list.push([...named, receiving.offset, receiving.state]);
    else list.push(file.held === undefined ? named : [...named, null, null, file.held]);
  }
  return list;
}

function withoutBody(piece: FileFailure | FileHeld, file: FileRequest, state: Progress): FileEvent[] {
  return 'f' in piece ? failedFile(piece, file, state) : [heldFile(piece, file, state)];
}

function failedFile(failure: FileFailure, file: FileRequest, state: Progress): FileEvent[] {
  const start: FileEvent[] = state.receiving === null ? [{ type: 'start', file }] : [];
  state.next += 1;
  state.receiving = null;
  return [...start, { type: 'failed', reason: failure.f }];
}

function heldFile({ k: [size, mtime, ctime] }: FileHeld, file: FileRequest, state: Progress): FileEvent {
  if (file.held === undefined || size !== file.size || state.receiving !== null) throw unexpected();
  state.next += 1;
  return { type: 'held', file, size, mtime, ctime };
}

/** Takes one piece in. A piece at offset 0 begins the file, also for another time when it changed. */
function receive(piece: FilePiece, body: Buffer, at: number, file: FileRequest, state: Progress): FileEvent[] {
  const data = body.subarray(at, at + piece.n);
  const events: FileEvent[] = [];
  if (piece.o === 0) {
    state.receiving = { offset: 0, state: piece.s, hash: undefined };
    events.push({ type: 'start', file });
  }
  const { receiving } = state;
  if (!receiving || receiving.offset !== piece.o || !sameState(receiving.state, piece.s)) throw unexpected();
  if (data.length > 0) events.push({ type: 'data', data });
  receiving.offset += data.length;
  if (!piece.e) {
    receiving.hash ??= createHash('sha256');
    receiving.hash.update(data);
    return events;
  }
  // A file in one piece, as most are, is hashed once: with its frame.
  const sha256 = receiving.hash === undefined ? piece.h : receiving.hash.update(data).digest('hex');
  const [size, mtime, ctime] = piece.s;
  if (receiving.offset !== size) throw unexpected();
  events.push({ type: 'end', size, mtime, ctime, sha256 });
  state.next += 1;
  state.receiving = null;
  return events;
}

const sameState = (one: FileState, other: FileState): boolean => one.every((value, index) => value === other[index]);

const unexpected = (): WpcloneError =>
  new WpcloneError('SOURCE_FAILED', 'The site sent files that were not asked for.');
