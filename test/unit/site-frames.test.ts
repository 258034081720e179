import { createHash, hash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NotAStream, readFrames, type Frame } from '../../src/site/frames.ts';
import { FLAG_DEFLATED, FRAME_MAGIC, STREAM_MAGIC } from '../../src/site/protocol.ts';
import { frame } from '../support/frames.ts';

const END = frame('Z', { done: true });

async function read(bytes: Buffer, cuts: readonly number[] = []): Promise<Frame[]> {
  // Lent: nothing of a chunk is there any more when the next one has been asked for.
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let [at, cut] = [0, 0]; at < bytes.length; cut += 1) {
      const chunk = Buffer.from(bytes.subarray(at, at + (cuts[cut] ?? bytes.length)));
      at += chunk.length;
      yield chunk;
      chunk.fill(0xff);
    }
  }
  const frames: Frame[] = [];
  for await (const each of readFrames(chunks())) frames.push({ ...each, body: Buffer.from(each.body) });
  return frames;
}

describe('reading frames', () => {
  it('gives the same frames however the network cuts the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.uint8Array({ maxLength: 400, size: 'max' }), fc.boolean()), { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 90 }), { maxLength: 40 }),
        fc.uint8Array({ maxLength: 30 }),
        async (bodies, cuts, noise) => {
          const frames = bodies.map(([body, deflate], t) => frame('R', { t }, Buffer.from(body), deflate));
          const got = await read(Buffer.concat([Buffer.from(noise), STREAM_MAGIC, ...frames, END]), cuts);
          expect(got.map(({ type }) => type).join('')).toBe(`${'R'.repeat(bodies.length)}Z`);
          expect(got.slice(0, -1).map(({ body }) => [...body])).toEqual(bodies.map(([body]) => [...body]));
        },
      ),
    );
  });

  it('finds every flipped byte', async () => {
    const stream = Buffer.concat([STREAM_MAGIC, frame('R', { t: 0 }, Buffer.from('some rows\n')), END]);
    for (let at = 0; at < stream.length; at += 1) {
      const bad = Buffer.from(stream);
      bad[at] = (bad[at] ?? 0) ^ 0x41;
      await expect(read(bad)).rejects.toThrow();
    }
  });

  it('does not take a stream for whole before its last frame', async () => {
    const stream = Buffer.concat([STREAM_MAGIC, frame('R', { t: 0 }, Buffer.from('x')), END]);
    for (let length = STREAM_MAGIC.length; length < stream.length; length += 1)
      await expect(read(stream.subarray(0, length))).rejects.toMatchObject({ code: 'SOURCE_FAILED', retryable: true });
  });

  it('checks the pieces of a batch', async () => {
    const body = Buffer.from('onetwo');
    const piece = (text: string, n: number) => ({ i: 0, o: 0, n, h: hash('sha256', text, 'hex') });
    const good = frame('B', { pieces: [piece('one', 3), piece('two', 3)] }, body);
    await expect(read(Buffer.concat([STREAM_MAGIC, good, END]))).resolves.toHaveLength(2);
    const bad = frame('B', { pieces: [piece('one', 3), piece('tWo', 3)] }, body);
    await expect(read(Buffer.concat([STREAM_MAGIC, bad, END]))).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
    const short = frame('B', { pieces: [piece('one', 3), piece('two', 4)] }, body);
    await expect(read(Buffer.concat([STREAM_MAGIC, short, END]))).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
  });

  it('says what PHP died of without repeating its words', async () => {
    const death = Buffer.from(
      '\n<b>Fatal error</b>: Allowed memory size of 1 bytes exhausted in /home/secret/x.php on line 3',
    );
    const stream = Buffer.concat([STREAM_MAGIC, frame('R', { t: 0 }, Buffer.from('x')), death]);
    const error: unknown = await read(stream).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ message: 'The site ran out of memory in the middle of an answer.' });
  });

  it('does not inflate more than the head announces', async () => {
    const bomb = deflateSync(Buffer.alloc(1 << 20));
    const json = Buffer.from(JSON.stringify({ t: 0, len: 10, h: 'x' }));
    const lead = Buffer.from(['R'.charCodeAt(0), FLAG_DEFLATED]);
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32BE(json.length, 0);
    lengths.writeUInt32BE(bomb.length, 4);
    const digest = createHash('sha256').update(lead).update(json).digest();
    const stream = Buffer.concat([STREAM_MAGIC, FRAME_MAGIC, lead, lengths, digest, json, bomb]);
    await expect(read(stream)).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
  });

  it('tells a page from a stream', async () => {
    await expect(read(Buffer.from('<html>Just a moment...</html>'))).rejects.toBeInstanceOf(NotAStream);
  });
});
