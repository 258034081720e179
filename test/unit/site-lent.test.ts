import { createCipheriv, hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPool, type Pool } from '../../src/shared/reusing.ts';
import { openStream, readPage } from '../../src/site/answer-stream.ts';
import type { Frame } from '../../src/site/frames.ts';
import { openLendingAgent } from '../../src/site/lent/agent.ts';
import { ask } from '../../src/site/lent/ask.ts';
import { STREAM_MAGIC } from '../../src/site/protocol.ts';
import { type Listener, listen } from '../support/connecting.ts';
import { frame } from '../support/frames.ts';

/** What a site sends of one answer, and what becomes of it. */
interface Plan {
  /** Bytes of each frame; what is larger than a read, a ring and a body's memory is among them. */
  readonly sizes: readonly number[];
  /** How the answer is cut into writes. */
  readonly cuts: readonly number[];
  readonly deflate: boolean;
  /** The host packs the whole answer. */
  readonly gzip: boolean;
  /** The site's connection breaks after that part of the answer. */
  readonly breaksAt: number | undefined;
  /** The frame at which the reader leaves, or is cancelled. */
  readonly leavesAt: number | undefined;
  readonly cancels: boolean;
  /** How many turns of the event loop the reader takes for each frame. */
  readonly turns: number;
}

const part = fc.double({ min: 0.01, max: 0.99, noNaN: true });
const plans: fc.Arbitrary<Plan> = fc.record({
  sizes: fc.array(fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 700_000 })), {
    minLength: 1,
    maxLength: 8,
  }),
  cuts: fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 8 }),
  deflate: fc.boolean(),
  gzip: fc.boolean(),
  breaksAt: fc.option(part, { nil: undefined, freq: 3 }),
  leavesAt: fc.option(fc.integer({ min: 0, max: 7 }), { nil: undefined, freq: 3 }),
  cancels: fc.boolean(),
  turns: fc.integer({ min: 0, max: 12 }),
});

/** Bytes that are others in each answer and frame, and nowhere the same. */
const content = (name: string, size: number): Buffer =>
  createCipheriv('aes-128-ctr', hash('md5', name, 'buffer'), Buffer.alloc(16)).update(Buffer.alloc(size));

function answerOf({ sizes, deflate }: Plan, name: string): Buffer {
  const frames = sizes.map((size, at) => frame('R', { t: at }, content(`${name}-${at}`, size), deflate));
  return Buffer.concat([STREAM_MAGIC, ...frames, frame('Z', { done: true })]);
}

async function send(response: ServerResponse, plan: Plan, name: string): Promise<void> {
  const made = answerOf(plan, name);
  const answer = plan.gzip ? gzipSync(made) : made;
  if (plan.gzip) response.setHeader('content-encoding', 'gzip');
  const end = Math.floor(answer.length * (plan.breaksAt ?? 1));
  for (let [at, cut] = [0, 0]; at < end && !response.destroyed; cut += 1) {
    const size = plan.cuts[cut % plan.cuts.length] ?? 1;
    response.write(answer.subarray(at, Math.min(at + size, end)));
    at += size;
    await turn();
  }
  if (plan.breaksAt === undefined) response.end();
  else response.write('', () => response.destroy());
}

let site: Listener;
const wanted = new Map<string, Plan>();
beforeAll(async () => {
  site = await listen((request, response) => {
    const name = request.url?.slice(1) ?? '';
    const plan = wanted.get(name);
    if (plan) void send(response, plan, name);
    else response.writeHead(404).end();
  });
});
afterAll(() => site.close());

interface Reading {
  readonly pool: Pool;
  readonly agent: ReturnType<typeof openLendingAgent>;
}

/** Reads an answer as its plan says; what each frame holds is looked at when it is there, and again when the reader has done with it. */
async function read({ pool, agent }: Reading, plan: Plan, name: string): Promise<number> {
  const endpoint = new URL(site.url());
  const controller = new AbortController();
  const request = { origin: endpoint.origin, path: `/${name}`, method: 'GET' } as const;
  let frames = 0;
  try {
    const answer = await ask({ dispatcher: agent, pool }, request, controller.signal);
    for await (const each of openStream(answer, { endpoint, now: Date.now, pool }, controller.signal).frames) {
      if (each.type !== 'R') continue;
      await hold(each, content(`${name}-${frames}`, plan.sizes[frames] ?? 0), plan.turns);
      if (frames++ !== plan.leavesAt) continue;
      if (!plan.cancels) return frames;
      controller.abort(new Error('The reader has had enough.'));
    }
  } catch (error) {
    if (plan.breaksAt === undefined && !controller.signal.aborted) throw error;
    return frames;
  }
  return frames;
}

async function hold({ body }: Frame, expected: Buffer, turns: number): Promise<void> {
  const [before, digest] = [hash('sha256', body), hash('sha256', expected)];
  for (let count = 0; count < turns; count += 1) await turn();
  expect([before, hash('sha256', body)]).toEqual([digest, digest]);
}

test('memory is never changed while somebody reads what it holds, whoever else reads, is slow, leaves, or is cut off', async () => {
  let answers = 0;
  const readAll = async (reading: Reading, streams: readonly (readonly Plan[])[]): Promise<string[]> => {
    const missing: string[] = [];
    const readOne = async (ofOne: readonly Plan[]): Promise<void> => {
      for (const plan of ofOne) {
        const name = `answer-${answers++}`;
        wanted.set(name, plan);
        const frames = await read(reading, plan, name);
        wanted.delete(name);
        const isCut = plan.breaksAt !== undefined || (plan.leavesAt ?? Infinity) < plan.sizes.length;
        if (!isCut && frames !== plan.sizes.length) missing.push(`${name}: ${frames} of ${plan.sizes.length}`);
      }
    };
    await Promise.all(streams.map(readOne));
    return missing;
  };
  const few = { minLength: 1, maxLength: 4 };
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(plans, few), few), async (streams) => {
      const reading = { pool: createPool(), agent: openLendingAgent(false) };
      try {
        expect(await readAll(reading, streams)).toEqual([]);
      } finally {
        await reading.agent.destroy();
      }
    }),
    { numRuns: 12 },
  );
}, 180_000);

test('an answer that cannot be read is ended, and its connection with it', async () => {
  const closed = Promise.withResolvers<void>();
  const broken = await listen((_, response) => {
    response.on('close', closed.resolve);
    // Packed, it says; and it goes on for as long as somebody listens.
    response.writeHead(503, { 'content-encoding': 'br' });
    response.write(content('not packed', 100_000));
  });
  const agent = openLendingAgent(false);
  try {
    const endpoint = new URL(broken.url());
    const request = { origin: endpoint.origin, path: '/', method: 'GET' } as const;
    const answer = await ask({ dispatcher: agent, pool: createPool() }, request, new AbortController().signal);
    await expect(readPage(answer, endpoint, Date.now)).rejects.toThrow();
    await closed.promise;
  } finally {
    await agent.destroy();
    await broken.close();
  }
});
