import { createHash, hash } from 'node:crypto';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { diskPath } from '../../shared/file-names.ts';
import { codeOf } from '../../shared/system.ts';
import { factsOf } from '../baseline/facts.ts';
import { moveLeft } from './move-left.ts';
import type { ExtractOperation, WriteOperation, WriteResult, WriterSettings } from './write-protocol.ts';

const CHUNK_BYTES = 1024 * 1024;
const NEW_FILE = fs.constants.O_WRONLY | fs.constants.O_CREAT | fs.constants.O_EXCL | fs.constants.O_NOFOLLOW;

/** Seconds since the epoch, in the year 2106: every file system has times until then. A site may say anything. */
const LATEST_TIME = 2 ** 32 - 1;

/** Errors that concern one name only: the entry is left out and the rest goes on. */
const REFUSALS = new Set(['ENAMETOOLONG', 'EEXIST', 'ENOTDIR', 'EISDIR', 'EINVAL', 'EILSEQ', 'ELOOP']);

const timeOf = (mtime: number): number => Math.min(Math.max(mtime, 0), LATEST_TIME);

/** The error's code when the file system only refuses this one name; undefined for any other error. */
export function isRefusal(error: unknown): string | undefined {
  const code = codeOf(error);
  return code !== undefined && REFUSALS.has(code) ? code : undefined;
}

/** The writing thread's side of a lane; see `Lane`. */
export interface LaneWriter {
  /** Does one thing; says what became of a file when it is finished. Throws what is not about one name (a full disk). */
  apply(operation: WriteOperation, bytes: Buffer): WriteResult | undefined;
}

interface OpenFile {
  readonly id: number;
  readonly path: string;
  /** Permission bits, all of them. */
  readonly mode: number;
  /** Undefined when the name was refused. */
  readonly descriptor?: number;
  readonly code?: string;
}

/**
 * Writes one lane's files below the target. Nothing is overwritten or followed: files are new (O_EXCL), folders are made here, and
 * links only come last.
 */
export function createLaneWriter(lane: string, settings: WriterSettings, folders: Set<string>): LaneWriter {
  let pack: number | undefined;
  let open: OpenFile | undefined;
  let chunk: Buffer | undefined;
  /** The pack that was read last: thousands of bodies come out of one. */
  let read: { readonly path: string; readonly descriptor: number } | undefined;
  const openPack = (path: string): number => {
    if (read?.path === path) return read.descriptor;
    if (read) fs.closeSync(read.descriptor);
    read = undefined;
    read = { path, descriptor: fs.openSync(path, 'r') };
    return read.descriptor;
  };
  const packDescriptor = (): number => (pack ??= fs.openSync(join(settings.packs, `${lane}.pack`), 'ax', 0o600));
  const start = (id: number, place: string, bits: number): OpenFile => {
    const [path, mode] = [join(settings.target, place), modeOf(bits)];
    try {
      makeFolder(dirname(path), folders, settings.target);
      return { id, path, mode, descriptor: fs.openSync(diskPath(path), NEW_FILE, mode) };
    } catch (error) {
      const code = isRefusal(error);
      if (code === undefined) throw error;
      return { id, path, mode, code };
    }
  };
  const finish = (file: OpenFile, mtime: number): WriteResult => {
    if (file.descriptor === undefined) return { id: file.id, code: file.code ?? 'EINVAL' };
    const time = timeOf(mtime);
    fs.futimesSync(file.descriptor, time, time);
    let written = fs.fstatSync(file.descriptor, { bigint: true });
    if ((written.mode & 0o777n) !== BigInt(file.mode)) {
      fs.fchmodSync(file.descriptor, file.mode); // The process's umask has taken bits away.
      written = fs.fstatSync(file.descriptor, { bigint: true });
    }
    fs.closeSync(file.descriptor);
    return { id: file.id, facts: factsOf(written) };
  };
  const discard = (file: OpenFile): void => {
    if (file.descriptor === undefined) return;
    fs.closeSync(file.descriptor);
    fs.unlinkSync(diskPath(file.path));
  };
  const drop = (): WriteResult | undefined => {
    const file = open;
    open = undefined;
    if (file) discard(file);
    return file && { id: file.id, code: 'DROPPED' };
  };
  const take = (
    { place, mode, mtime }: ExtractOperation,
    left: { path: string; facts: string },
  ): string | undefined => {
    const path = join(settings.target, place);
    try {
      makeFolder(dirname(path), folders, settings.target);
    } catch {
      return undefined; // It comes again when the file is to be written.
    }
    return moveLeft(left.path, path, { facts: left.facts, mode: modeOf(mode), mtime: timeOf(mtime) });
  };
  const extract = (operation: ExtractOperation): WriteResult => {
    const moved = operation.left && take(operation, operation.left);
    if (moved !== undefined) return { id: operation.id, facts: moved };
    const file = start(operation.id, operation.place, operation.mode);
    const kept = operation.keep ? packDescriptor() : undefined;
    const before = kept === undefined ? 0 : fs.fstatSync(kept).size;
    if (
      copyBody(operation, { file: file.descriptor, pack: kept }, (chunk ??= Buffer.allocUnsafe(CHUNK_BYTES)), openPack)
    )
      return finish(file, operation.mtime);
    discard(file);
    // Whoever gave the order counts on the pack having grown by the body's size.
    if (kept !== undefined) fs.ftruncateSync(kept, before + operation.size);
    return { id: operation.id, code: 'HASH' };
  };
  return {
    apply: (operation, bytes) => {
      switch (operation.do) {
        case 'folder':
          return refusing(operation.id, () =>
            makeFolder(join(settings.target, operation.place), folders, settings.target, operation.mode),
          );
        case 'link':
          return refusing(operation.id, () => {
            const path = join(settings.target, operation.place);
            makeFolder(dirname(path), folders, settings.target);
            fs.symlinkSync(diskPath(operation.target), diskPath(path));
          });
        case 'open':
          open = start(operation.id, operation.place, operation.mode);
          return undefined;
        case 'data': {
          const part = bytes.subarray(operation.start, operation.end);
          if (operation.file && open?.descriptor !== undefined) writeAll(open.descriptor, part);
          if (operation.pack) writeAll(packDescriptor(), part);
          return undefined;
        }
        case 'close': {
          const file = open;
          open = undefined;
          return file && finish(file, operation.mtime);
        }
        case 'drop':
          if (pack !== undefined) fs.ftruncateSync(pack, operation.packSize);
          return drop();
        case 'extract':
          return extract(operation);
        default:
          return undefined;
      }
    },
  };
}

function refusing(id: number, work: () => void): WriteResult {
  try {
    work();
    return { id };
  } catch (error) {
    const code = isRefusal(error);
    if (code === undefined) throw error;
    return { id, code };
  }
}

const modeOf = (mode: number): number => (mode & 0o777) | 0o600;

/** Makes a folder and those above it; what is there already must be a real folder. */
function makeFolder(path: string, made: Set<string>, top: string, mode = 0o755): void {
  if (made.has(path) || path === top) return;
  makeFolder(dirname(path), made, top);
  const wanted = (mode & 0o777) | 0o700;
  fs.mkdirSync(diskPath(path), wanted);
  fs.chmodSync(diskPath(path), wanted);
  made.add(path);
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let offset = 0; offset < bytes.length;) offset += fs.writeSync(descriptor, bytes, offset);
}

/** Copies a body out of a pack; false when the pack does not hold it as it was, or not all of it. */
function copyBody(
  body: ExtractOperation,
  to: { file: number | undefined; pack: number | undefined },
  chunk: Buffer,
  openPack: (path: string) => number,
): boolean {
  let source: number;
  try {
    source = openPack(body.pack);
  } catch {
    return false;
  }
  const { sha256 } = body;
  const hashing = sha256 !== undefined && body.size > chunk.length ? createHash('sha256') : undefined;
  // For small bodies, of which there are thousands, this takes a fraction of the time.
  let digest = body.size === 0 ? hash('sha256', '') : undefined;
  for (let copied = 0; copied < body.size;) {
    const part = readPart(source, chunk.subarray(0, Math.min(chunk.length, body.size - copied)), body.offset + copied);
    if (part.length === 0) return false;
    if (hashing) hashing.update(part);
    else if (sha256 !== undefined) digest = hash('sha256', part);
    if (to.file !== undefined) writeAll(to.file, part);
    if (to.pack !== undefined) writeAll(to.pack, part);
    copied += part.length;
  }
  return sha256 === undefined || (hashing?.digest('hex') ?? digest) === sha256;
}

/** Shorter than the room only at the end of the file. */
function readPart(descriptor: number, room: Buffer, offset: number): Buffer {
  let length = 0;
  while (length < room.length) {
    const bytes = fs.readSync(descriptor, room, length, room.length - length, offset + length);
    if (bytes === 0) break;
    length += bytes;
  }
  return room.subarray(0, length);
}
