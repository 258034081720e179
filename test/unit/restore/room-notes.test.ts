import { expect, it } from 'vitest';
import { roomNotes } from '../../../src/restore/plan/notes.ts';

const file = (size: number) => ({ item: 0, path: 'a.mp4', place: 'a.mp4', before: null, after: 'x', size });
const GIGABYTE = 1_000_000_000;

it('says beforehand that files have no room on the live site', () => {
  const notes = (sizes: readonly number[], free: number | null) =>
    roomNotes({ files: sizes.map(file) }, { writes: { uploads: true, free } });
  expect(notes([GIGABYTE / 2], GIGABYTE)).toEqual([]);
  expect(notes([GIGABYTE / 2], GIGABYTE / 4)).toEqual([expect.stringContaining('has room for 250 MB')]);
  expect(notes([3 * GIGABYTE], null)).toEqual([]);
});
