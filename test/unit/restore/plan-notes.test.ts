import { expect, it } from 'vitest';
import type { TableChanges } from '../../../src/restore/changes.ts';
import { heldNotes, hindranceNotes, roomNotes } from '../../../src/restore/plan/notes.ts';

const file = (size: number) => ({ item: 0, path: 'a.mp4', place: 'a.mp4', before: null, after: 'x', size });
const GIGABYTE = 1_000_000_000;

it('says beforehand that files have no room on the live site', () => {
  const notes = (sizes: readonly number[], free: number | null) =>
    roomNotes({ files: sizes.map(file) }, { writes: { uploads: true, free } });
  expect(notes([GIGABYTE / 2], GIGABYTE)).toEqual([]);
  expect(notes([GIGABYTE / 2], GIGABYTE / 4)).toEqual([expect.stringContaining('has room for 250 MB')]);
  expect(notes([3 * GIGABYTE], null)).toEqual([]);
});

it('says beforehand where so many rows are held at once that whoever writes to them waits', () => {
  const row = (n: number) => ({ item: 0, row: { id: String(n) } });
  const table = (deletes: number, inserts: number): TableChanges => ({
    kind: 'keyed',
    table: 'wp_orders',
    key: ['id'],
    updates: [],
    inserts: Array.from({ length: inserts }, (_, n) => row(n)),
    deletes: Array.from({ length: deletes }, (_, n) => row(n)),
    expects: [],
  });
  expect(heldNotes({ tables: [table(5_000, 0), table(0, 6_000)] })).toEqual([]);
  expect(heldNotes({ tables: [table(5_001, 0)] })).toEqual([
    expect.stringMatching(/^5,001 rows of wp_orders are held until/),
  ]);
});

it('says beforehand what keeps anything from being written to the live site', () => {
  const writes = { uploads: true, free: null };
  expect(hindranceNotes({ multisite: false, writes: { ...writes, missing: [] } })).toEqual([]);
  expect(hindranceNotes({ multisite: false, writes: { ...writes, missing: ['CREATE', 'DROP', 'INNODB'] } })).toEqual([
    expect.stringContaining('lacks the rights CREATE, DROP.'),
    expect.stringContaining('has no InnoDB.'),
  ]);
  expect(hindranceNotes({ multisite: true, writes: undefined })).toEqual([
    expect.stringContaining('a network of sites'),
  ]);
});
