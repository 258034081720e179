import { BASE64_MAGIC, STREAM_MAGIC } from './protocol.ts';

/** Bytes that are looked through for the beginning of a stream. */
const NOISE_BYTES = 64 << 10;
const FULL_STOP = 0x2e;
/** A piece is a frame's head or body. */
const LONGEST_PIECE = 192 << 20;

/**
 * The bytes of a stream that may have come as base64, in pieces that each end with a full stop, after whatever a host put before
 * it. One that comes as bytes is passed on as it is.
 */
export async function* decodeBase64Stream(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let start: Buffer | null = Buffer.alloc(0);
  let piece: Buffer[] | null = null;
  for await (const chunk of chunks) {
    if (piece !== null) {
      yield* takePieces(piece, chunk);
      continue;
    }
    if (start === null) {
      yield chunk;
      continue;
    }
    start = Buffer.concat([start, chunk]);
    const begin = start.indexOf(BASE64_MAGIC);
    if (begin >= 0) {
      piece = [];
      yield* takePieces(piece, start.subarray(begin + BASE64_MAGIC.length));
    } else if (start.includes(STREAM_MAGIC) || start.length > NOISE_BYTES) {
      yield start;
      start = null;
    }
  }
  if (piece === null && start !== null && start.length > 0) yield start;
}

function* takePieces(piece: Buffer[], chunk: Buffer): Generator<Buffer> {
  let from = 0;
  for (let at = chunk.indexOf(FULL_STOP); at >= 0; at = chunk.indexOf(FULL_STOP, from)) {
    piece.push(chunk.subarray(from, at));
    from = at + 1;
    yield Buffer.from(Buffer.concat(piece.splice(0)).toString('latin1'), 'base64');
  }
  if (from < chunk.length) piece.push(Buffer.from(chunk.subarray(from)));
  if (piece.reduce((sum, part) => sum + part.length, 0) > LONGEST_PIECE) piece.splice(0);
}
