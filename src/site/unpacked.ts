import { pipeline, Readable, type Transform } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from 'node:zlib';

const GZIP = Buffer.from([0x1f, 0x8b]);
/** A host may pack what is packed already; more often than that is an attack on our time. */
const MOST_LAYERS = 3;

const OPENERS: Readonly<Record<string, () => Transform>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
  zstd: createZstdDecompress,
};

/**
 * The bytes of an answer as the site made them. We ask for none of it, but hosts pack answers all the same, twice where a plugin and the
 * web server both do, and without saying so where a cache dropped the header. `encoding` is what Content-Encoding says.
 */
export async function* unpacked(
  chunks: AsyncIterable<Buffer>,
  encoding: string | string[] | undefined,
): AsyncGenerator<Buffer> {
  const named = [encoding ?? []].flat().join(',').toLowerCase().split(',');
  const openers = named.map((name) => OPENERS[name.trim()]).filter((opener) => opener !== undefined);
  let layer = chunks;
  for (const opener of openers.toReversed().slice(0, MOST_LAYERS)) {
    if (opener !== createGunzip) layer = through(layer, opener());
  }
  for (let layers = 0; layers < MOST_LAYERS; layers += 1) {
    const { first, whole } = await peek(layer);
    layer = whole;
    if (!first.subarray(0, 2).equals(GZIP)) break;
    layer = through(layer, createGunzip());
  }
  yield* layer;
}

async function peek(chunks: AsyncIterable<Buffer>): Promise<{ first: Buffer; whole: AsyncIterable<Buffer> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  let first = Buffer.alloc(0);
  let ended = false;
  while (first.length < GZIP.length && !ended) {
    const next = await iterator.next();
    if (next.done === true) ended = true;
    else first = first.length === 0 ? Buffer.from(next.value) : Buffer.concat([first, next.value]);
  }
  const nextOf = async (): Promise<IteratorResult<Buffer>> =>
    ended ? { done: true, value: undefined } : iterator.next();
  async function* whole(): AsyncGenerator<Buffer> {
    try {
      if (first.length > 0) yield first;
      for (let next = await nextOf(); next.done !== true; next = await nextOf()) yield next.value;
    } finally {
      await iterator.return?.();
    }
  }
  return { first, whole: whole() };
}

function through(chunks: AsyncIterable<Buffer>, opener: Transform): AsyncIterable<Buffer> {
  // What goes wrong is heard by whoever reads the opened bytes.
  pipeline(Readable.from(kept(chunks), { objectMode: false }), opener, () => undefined);
  return opener;
}

/** They are lent, and an opener is given the next one before it has done with the last. */
async function* kept(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) yield Buffer.from(chunk);
}
