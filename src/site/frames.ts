import { createHash, hash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import { z } from 'zod';
import { WpcloneError } from '../shared/errors.ts';
import { createPool, reusing, type Allocate, type Pool } from '../shared/reusing.ts';
import { createByteQueue, type ByteQueue } from './byte-queue.ts';
import {
  FLAG_DEFLATED,
  FRAME_HEADER_BYTES,
  FRAME_MAGIC,
  MAX_BODY_BYTES,
  MAX_HEAD_BYTES,
  STREAM_MAGIC,
} from './protocol.ts';

/** One verified part of an answer (docs/PROTOCOL.md, "Streams"). */
export interface Frame {
  readonly type: string;
  readonly head: unknown;
  /** Inflated and checked. Lent: it holds something else when the next frame has been asked for. */
  readonly body: Buffer;
}

/** Bytes that may come before the stream begins: a notice of PHP, a byte order mark. */
const NOISE_BYTES = 64 << 10;

/**
 * Takes a response apart into verified frames.
 * Throws a retryable SOURCE_FAILED when the stream is cut or damaged, and `NotAStream` when there is none.
 */
export async function* readFrames(chunks: AsyncIterable<Buffer>, pool: Pool = createPool()): AsyncGenerator<Frame> {
  const room = reusing(pool);
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    const queue = createByteQueue(iterator);
    await skipNoise(queue);
    for (;;) {
      const frame = await readFrame(queue, room.allocate);
      yield frame;
      if (frame.type === 'Z' || frame.type === 'X') return;
    }
  } finally {
    room.end();
    await iterator.return?.();
  }
}

/** The answer is something else: a page, an error of the host. */
export class NotAStream extends Error {
  readonly text: string;
  constructor(text: string) {
    super('The answer is not a stream of the migrator.');
    this.name = 'NotAStream';
    this.text = text;
  }
}

async function skipNoise(queue: ByteQueue): Promise<void> {
  for (;;) {
    const start = queue.rest();
    const at = start.indexOf(STREAM_MAGIC);
    if (at >= 0) {
      await queue.take(at + STREAM_MAGIC.length);
      return;
    }
    if (start.length > NOISE_BYTES || !(await queue.more()))
      throw new NotAStream(start.toString('utf8', 0, NOISE_BYTES));
  }
}

async function readFrame(queue: ByteQueue, room: Allocate): Promise<Frame> {
  const begun = await queue.take(FRAME_HEADER_BYTES);
  if (begun === null) throw cut(queue.rest());
  const header = Buffer.from(begun);
  const headLength = header.readUInt32BE(4);
  const bodyLength = header.readUInt32BE(8);
  if (!header.subarray(0, 2).equals(FRAME_MAGIC) || headLength > MAX_HEAD_BYTES || bodyLength > MAX_BODY_BYTES) {
    queue.unshift(header);
    throw cut(queue.rest());
  }
  const head = await queue.take(headLength);
  if (head === null) throw cut(queue.rest());
  const digest = createHash('sha256').update(header.subarray(2, 4)).update(head).digest();
  if (!digest.equals(header.subarray(12, FRAME_HEADER_BYTES))) throw damaged();
  const said: unknown = JSON.parse(head.toString('utf8'));
  const body = await queue.take(bodyLength, room);
  if (body === null) throw cut(queue.rest());
  return openFrame(String.fromCharCode(header[2] ?? 0), header[3] ?? 0, said, body);
}

const commonHeadSchema = z.object({
  h: z.string().optional(),
  len: z.number().int().nonnegative().max(MAX_BODY_BYTES).optional(),
  pieces: z.array(z.object({ n: z.number().int().nonnegative().default(0), h: z.string().optional() })).optional(),
});

function openFrame(type: string, flags: number, head: unknown, packed: Buffer): Frame {
  const common = commonHeadSchema.parse(head);
  const body = flags & FLAG_DEFLATED ? inflate(packed, common.len ?? 0) : packed;
  const pieces = common.pieces ?? [{ n: body.length, h: common.h }];
  let at = 0;
  for (const { n, h } of pieces) {
    if (h !== undefined || n > 0) verify(body.subarray(at, at + n), n, h);
    at += n;
  }
  return { type, head, body };
}

function verify(bytes: Buffer, length: number, sha256: string | undefined): void {
  if (bytes.length !== length || hash('sha256', bytes, 'hex') !== sha256) throw damaged();
}

function inflate(packed: Buffer, length: number): Buffer {
  try {
    const body = inflateSync(packed, { maxOutputLength: Math.max(1, length) });
    if (body.length === length) return body;
  } catch {
    throw damaged();
  }
  throw damaged();
}

const damaged = (): WpcloneError =>
  new WpcloneError('SOURCE_FAILED', 'An answer of the site was damaged on the way.', { retryable: true });

/** What came instead of a frame often says why: PHP's last words. They may hold data of the site, so only their kind is told. */
function cut(rest: Buffer): WpcloneError {
  const text = rest.toString('latin1', 0, NOISE_BYTES);
  const message = /Allowed memory size/i.test(text)
    ? 'The site ran out of memory in the middle of an answer.'
    : /Maximum execution time/i.test(text)
      ? 'The site ran out of time in the middle of an answer.'
      : /Fatal error|Uncaught|critical error/i.test(text)
        ? 'PHP stopped with an error in the middle of an answer.'
        : 'An answer of the site was cut off.';
  return new WpcloneError('SOURCE_FAILED', message, { retryable: true });
}
