import fc from 'fast-check';
import { expect, test } from 'vitest';
import { linesOf } from '../../src/shared/lines.ts';

test('lines come out whole, empty ones too, however the stream cuts them', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.string({ unit: 'binary', maxLength: 12 }).filter((line) => !line.includes('\n')),
        { maxLength: 12 },
      ),
      fc.integer({ min: 1, max: 9 }),
      async (lines, size) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        async function* chunks() {
          for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
        }
        const out: string[] = [];
        for await (const line of linesOf(chunks())) out.push(line);
        expect(out).toEqual(lines);
      },
    ),
  );
});
