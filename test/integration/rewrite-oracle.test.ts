import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRewriter } from '../../src/transfer/rewrite/rewriter.ts';

const HOST = 'old.example.com';
const rewriter = createRewriter({ from: [`https://${HOST}`], to: ['http://localhost:8101'], paths: [] });
const oracle = spawn('php', [fileURLToPath(new URL('../support/oracle/rewrite.php', import.meta.url))], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
const answers = createInterface({ input: oracle.stdout })[Symbol.asyncIterator]();

beforeAll(() => {
  oracle.stdin.write(`${JSON.stringify({ host: HOST, to: 'localhost', port: '8101' })}\n`);
});

afterAll(async () => {
  oracle.stdin.end();
  await once(oracle, 'exit');
});

interface Spec {
  readonly t: string;
  readonly v?: unknown;
  readonly prefix?: string;
}

const forms = [
  `https://${HOST}/a`,
  `http://${HOST}`,
  `//${HOST}/b`,
  `HTTPS://OLD.Example.com/`,
  String.raw`https:\/\/${HOST}\/c`,
  String.raw`https:\\\/\\\/${HOST}\\\/c`,
  `https%3A%2F%2F${HOST}%2Fd`,
  `https%3a%2f%2f${HOST}`,
  `https%253A%252F%252F${HOST}`,
  `https://cdn.test/?u=https://${HOST}`,
  `https://${HOST}.evil.test/`,
  `https://not${HOST}`,
  `me@${HOST}`,
];
const chunk = fc.oneof(
  fc.constantFrom(...forms),
  fc.constantFrom('"', '";', 's:5:"', '{', '}', '\\', ' ', '\n', '\0', '🖖', 'ü', 'a:1:{', ';', '<', ','),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const bytes = fc
  .array(chunk, { maxLength: 5 })
  .map((parts) => Buffer.from(parts.map((part) => `${part} `).join(''), 'utf8').toString('base64'));
const key = fc.oneof(fc.integer({ min: -5, max: 99 }), bytes);

const { value } = fc.letrec<{ value: Spec; leaf: Spec }>((tie) => ({
  leaf: fc.oneof(
    { weight: 5, arbitrary: bytes.map((v) => ({ t: 'string', v })) },
    fc.integer().map((v) => ({ t: 'int', v })),
    fc.constantFrom('nan', 'inf', '-inf', '-0', '0.1', '-1.5e-7', '1e100').map((v) => ({ t: 'float', v })),
    fc.boolean().map((v) => ({ t: 'bool', v })),
    fc.constant({ t: 'null' }),
    fc.boolean().map((v) => ({ t: 'enum', v })),
  ),
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((v) => ({ t: 'array', v })),
    fc.constantFrom('nested', 'packed', 'shared', 'reference').chain((t) => tie('value').map((v) => ({ t, v }))),
    fc.tuple(tie('value'), tie('value'), tie('value')).map((v) => ({ t: 'widget', v })),
    fc.tuple(bytes, tie('value')).map(([prefix, v]) => ({ t: 'mixed', prefix, v })),
  ),
}));

async function ask(spec: Spec): Promise<{ input: Buffer; expected: Buffer }> {
  oracle.stdin.write(`${JSON.stringify(spec)}\n`);
  const line = await answers.next();
  const answer: { input: string; expected: string } = JSON.parse(String(line.value));
  return { input: Buffer.from(answer.input, 'base64'), expected: Buffer.from(answer.expected, 'base64') };
}

test('a serialized value comes out as PHP itself would have rewritten it', async () => {
  await fc.assert(
    fc.asyncProperty(value, async (spec) => {
      const { input, expected } = await ask(spec);
      expect(rewriter.value(input).toString('latin1')).toBe(expected.toString('latin1'));
    }),
    { numRuns: 5000 },
  );
});
