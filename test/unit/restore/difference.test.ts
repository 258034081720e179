import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { difference, PLAIN, type Order } from '../../../src/restore/rows/difference.ts';
import { linesOf, slice } from '../../../src/restore/rows/lines.ts';

async function* chunks(lines: readonly string[], size: number): AsyncGenerator<readonly string[]> {
  for (let at = 0; at < lines.length; at += size) yield await Promise.resolve(lines.slice(at, at + size));
}

const counts = (lines: readonly string[]): Map<string, number> => {
  const found = new Map<string, number>();
  for (const line of lines) found.set(line, (found.get(line) ?? 0) + 1);
  return found;
};

/** What the first has more often than the other. */
const more = (one: readonly string[], other: readonly string[]): string[] => {
  const there = counts(other);
  return [...counts(one)]
    .flatMap(([line, count]) => Array.from({ length: Math.max(0, count - (there.get(line) ?? 0)) }, () => line))
    .toSorted();
};

it('says of two streams what each has more often, in whatever order and chunks they come', async () => {
  const lines = fc.array(fc.constantFrom('1', '2', '3', '10', 'x'), { maxLength: 12 });
  const byNumber: Order = (one, other) => Math.sign(Number(one) - Number(other)) || 0;
  await fc.assert(
    fc.asyncProperty(lines, lines, fc.integer({ min: 1, max: 5 }), fc.boolean(), async (one, other, size, ordered) => {
      const found = await difference(chunks(one, size), chunks(other, 3), PLAIN, {
        order: ordered ? byNumber : undefined,
      });
      expect([...found.gone].toSorted()).toEqual(more(one, other));
      expect([...found.come].toSorted()).toEqual(more(other, one));
    }),
  );
});

it('holds nothing of what is the same on both sides but for what says nothing, as long as it is not out of step', async () => {
  const numbers = Array.from({ length: 1000 }, (_, at) => String(at));
  const [ours, theirs] = ['one', 'other'].map((site) => numbers.map((number) => `${number}\ttext\t${site}`));
  const copied: string[] = [];
  const copying = { ...PLAIN, copy: (line: string) => (copied.push(line), PLAIN.copy(line)) };
  const byNumber: Order = (one, other) => Math.sign(Number.parseInt(one) - Number.parseInt(other));
  const same = (one: string, other: string): boolean => one.split('\t', 2).join() === other.split('\t', 2).join();
  const changed = (theirs ?? []).with(7, '7\tanother\tother').toSpliced(500, 1);
  const found = await difference(chunks(ours ?? [], 7), chunks(changed, 3), copying, { order: byNumber, same });
  expect(found).toEqual({ gone: ['7\ttext\tone', '500\ttext\tone'], come: ['7\tanother\tother'] });
  expect(copied).toEqual(['7\tanother\tother']);
});

it('cuts text into lines wherever its chunks end, and takes those that are asked for', async () => {
  const text = ['a\nb', 'b\n', '\nc', 'c\n'];
  const lines: string[] = [];
  for await (const chunk of linesOf(Readable.from(text))) lines.push(...chunk);
  expect(lines).toEqual(['a', 'bb', '', 'cc']);
  const some: string[] = [];
  for await (const chunk of slice(chunks(['0', '1', '2', '3', '4'], 2), 1, 4)) some.push(...chunk);
  expect(some).toEqual(['1', '2', '3']);
});
