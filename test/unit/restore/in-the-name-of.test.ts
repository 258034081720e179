import { describe, expect, it } from 'vitest';
import type { Row, TableDifferences, Versions } from '../../../src/restore/merge/types.ts';
import { inTheNameOf } from '../../../src/restore/rows/in-the-name-of.ts';

const COMMENT = [
  'comment_ID',
  'user_id',
  'comment_author',
  'comment_author_email',
  'comment_author_url',
  'comment_author_IP',
];

const table = (short: string, columns: readonly string[], ...rows: Versions[]): TableDifferences => ({
  name: `wp_${short}`,
  prefix: 'wp_',
  columns,
  key: [columns[0] ?? ''],
  counter: columns[0] ?? null,
  common: null,
  rows,
});

const names = { own: '900', administrator: '1', travel: false, others: new Map<string, string>() };

describe('what the clone’s own administrator wrote', () => {
  it('is a comment of whoever brings it back, without the name and address of somebody who ends with the clone', () => {
    const clone = ['77', '900', 'wpclone-ax49', 'wpclone-ax49@localhost.invalid', 'http://127.0.0.1:8101', '127.0.0.1'];
    const raw: Row = [...clone];
    const raws = new WeakMap<Row, Row>([[clone, raw]]);
    const [row] = inTheNameOf(table('comments', COMMENT, { clone }), names, raws).rows;
    expect(row?.clone).toEqual(['77', '1', '', '', '', '']);
    // What is written comes from the clone's own bytes.
    expect(row?.clone && raws.get(row.clone)).toEqual(['77', '1', '', '', '', '']);
  });

  it('keeps its signature where nobody takes its place, and so does what somebody else wrote', () => {
    const own: Row = ['77', '900', 'wpclone-ax49', 'a@clone.invalid', '', '127.0.0.1'];
    const guest: Row = ['78', '0', 'Ann', 'ann@example.org', '', '10.0.0.9'];
    const comments = table('comments', COMMENT, { clone: own }, { clone: guest });
    const { rows } = inTheNameOf(comments, { ...names, administrator: undefined }, new WeakMap());
    expect(rows.map((row) => row.clone)).toEqual([own.with(1, '0'), guest]);
    expect(inTheNameOf(comments, names, new WeakMap()).rows[1]?.clone).toEqual(guest);
  });

  it('is a post of whoever brings it back; one that was there keeps its author', () => {
    const columns = ['ID', 'post_author', 'post_title'];
    const base: Row = ['5', '3', 'Old'];
    const posts = table(
      'posts',
      columns,
      { clone: ['90', '900', 'New'] },
      { base, live: base, clone: ['5', '900', 'Newer'] },
    );
    const { rows } = inTheNameOf(posts, names, new WeakMap());
    expect(rows.map((row) => row.clone)).toEqual([
      ['90', '1', 'New'],
      ['5', '3', 'Newer'],
    ]);
  });
});
