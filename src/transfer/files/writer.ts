import { Worker } from 'node:worker_threads';
import { WpcloneError } from '../../shared/errors.ts';
import { diskFull } from '../disk.ts';
import type { ExtractOperation, WriteBatch, WriteOperation, WriteReply, WriterSettings } from './write-protocol.ts';

const BUFFER_BYTES = 512 * 1024;
const BUFFERS = 4;
/** A batch of small files goes off when it has this many operations, so that the writing thread is never idle for long. */
const BATCH_OPERATIONS = 400;

/**
 * Called when a file is on disk, or was refused with the file system's code (HASH: a pack was damaged). `facts` of a file as it was
 * written: see `factsOf`.
 */
export type Finished = (code: string | undefined, facts?: string) => void;

/**
 * One stream's way to the writing thread: its operations are done in order, with one open file at a time and one pack
 * of its own.
 */
export interface Lane {
  /** The lane's pack and how much has been written to it. */
  readonly pack: { readonly id: string; readonly size: number };
  folder(place: string, mode: number, finished: Finished): void;
  link(place: string, target: string, finished: Finished): void;
  open(place: string, mode: number, finished: Finished): void;
  /** Appends to the open file, to the pack, or both. Resolves when there is room for more. */
  data(bytes: Buffer, to: { readonly file: boolean; readonly pack: boolean }): Promise<void>;
  close(mtime: number): Promise<void>;
  /** Removes the open file; the pack goes back to the given size. */
  drop(packSize: number): void;
  extract(body: Omit<ExtractOperation, 'do' | 'id'>, finished: Finished): Promise<void>;
  /** Sends what has been gathered. */
  flush(): Promise<void>;
  /** Sends what has been gathered and resolves when it is on disk; throws the writer's first failure. */
  settle(): Promise<void>;
}

/** The writing thread. `close` ends it at once: call `settle` on the lanes first. */
export interface Writer {
  lane(id: string): Lane;
  close(): Promise<void>;
}

/** Starts the writing thread. At most four buffers of half a MiB are under way. Failures are DISK_FULL or INTERNAL. */
export function startWriter(settings: WriterSettings, signal: AbortSignal): Writer {
  const file = import.meta.url.endsWith('.ts') ? './write-worker.ts' : './write-worker.js';
  const worker = new Worker(new URL(file, import.meta.url), {
    workerData: settings,
    resourceLimits: { maxYoungGenerationSizeMb: 1, maxOldGenerationSizeMb: 64 },
  });
  const free = Array.from({ length: BUFFERS }, () => new ArrayBuffer(BUFFER_BYTES));
  const waiting: ((buffer: ArrayBuffer) => void)[] = [];
  const callbacks = new Map<number, Finished>();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  const sent: PromiseWithResolvers<void>[] = [];
  let nextId = 1;

  const fail = (error: unknown): void => failure.reject(error);
  worker.on('error', fail);
  const onAbort = (): void => fail(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  worker.on('message', (reply: WriteReply) => {
    if (reply.type === 'failed') return fail(writeError(reply.code, reply.message, settings.target));
    for (const { id, code, facts } of reply.results) {
      callbacks.get(id)?.(code, facts);
      callbacks.delete(id);
    }
    const next = waiting.shift();
    if (next) next(reply.buffer);
    else free.push(reply.buffer);
    sent.shift()?.resolve(); // Batches are answered in the order they were sent.
  });

  const acquire = (): Promise<ArrayBuffer> | ArrayBuffer =>
    free.pop() ?? Promise.race([new Promise<ArrayBuffer>((resolve) => waiting.push(resolve)), failure.promise]);
  const post = (batch: WriteBatch): Promise<void> => {
    const answer = Promise.withResolvers<void>();
    sent.push(answer);
    worker.postMessage(batch, [batch.buffer]);
    return Promise.race([answer.promise, failure.promise]);
  };
  const register = (finished: Finished): number => {
    callbacks.set(nextId, finished);
    return nextId++;
  };
  return {
    lane: (id) => createLane(id, { acquire, post, register }),
    close: async () => {
      signal.removeEventListener('abort', onAbort);
      await worker.terminate();
    },
  };
}

interface LaneTools {
  readonly acquire: () => Promise<ArrayBuffer> | ArrayBuffer;
  readonly post: (batch: WriteBatch) => Promise<void>;
  readonly register: (finished: Finished) => number;
}

/** Gathers operations and their bytes into one buffer after another. */
function createLane(id: string, tools: LaneTools): Lane {
  const pack = { id, size: 0 };
  let operations: WriteOperation[] = [];
  let buffer: ArrayBuffer | undefined;
  let used = 0;
  let written = Promise.resolve();
  const flush = async (): Promise<void> => {
    if (operations.length === 0) return;
    buffer ??= await tools.acquire();
    written = tools.post({ lane: id, buffer, operations });
    written.catch(() => undefined);
    buffer = undefined;
    operations = [];
    used = 0;
  };
  const flushWhenFull = (): Promise<void> => (operations.length >= BATCH_OPERATIONS ? flush() : Promise.resolve());
  return {
    pack,
    flush,
    settle: async () => {
      await flush();
      await written;
    },
    folder: (place, mode, finished) =>
      void operations.push({ do: 'folder', id: tools.register(finished), place, mode }),
    link: (place, target, finished) =>
      void operations.push({ do: 'link', id: tools.register(finished), place, target }),
    open: (place, mode, finished) => void operations.push({ do: 'open', id: tools.register(finished), place, mode }),
    data: async (bytes, to) => {
      for (let offset = 0; offset < bytes.length;) {
        buffer ??= await tools.acquire();
        const length = Math.min(bytes.length - offset, BUFFER_BYTES - used);
        bytes.copy(new Uint8Array(buffer, used, length), 0, offset, offset + length);
        operations.push({ do: 'data', start: used, end: used + length, ...to });
        if (to.pack) pack.size += length;
        used += length;
        offset += length;
        if (used === BUFFER_BYTES) await flush();
      }
    },
    close: (mtime) => {
      operations.push({ do: 'close', mtime });
      return flushWhenFull();
    },
    drop: (packSize) => {
      operations.push({ do: 'drop', packSize });
      pack.size = packSize;
    },
    extract: (body, finished) => {
      operations.push({ do: 'extract', id: tools.register(finished), ...body });
      if (body.keep) pack.size += body.size;
      return flushWhenFull();
    },
  };
}

function writeError(code: string, message: string, path: string): WpcloneError {
  const cause = Object.assign(new Error(message), { code });
  return (
    diskFull(cause, path) ?? new WpcloneError('INTERNAL', `Writing the clone's files failed: ${message}`, { cause })
  );
}
