import type { NewColumn, RestoreChanges, TableAddition } from '../../src/restore/changes.ts';
import { changesOf, keyed } from './restore.ts';

/** A column of text that a table of `wp_cut (id, a)` gets; `more`: what is otherwise with it. */
export const column = (name: string, more: Partial<NewColumn> = {}): NewColumn => ({
  name,
  type: 'varchar(20)',
  collation: null,
  nullable: false,
  fallback: 'value',
  value: 'none',
  stamped: false,
  counts: false,
  ...more,
});

/** What does not fit the column before it has room for it. */
const LONG = 'b'.repeat(30);
const wider = column('a', { type: 'varchar(40)', fallback: 'none', nullable: true });
const number = column('id', { type: 'int(11)', fallback: 'none' });
/** What `wp_cut` gets. */
export const extend: TableAddition = {
  item: 0,
  table: 'wp_cut',
  kind: 'extend',
  columns: [column('b')],
  keys: [{ kind: 'plain', name: 'b', parts: [{ column: 'b', length: 10 }] }],
  wider: [wider],
};
/** A table that is new. */
export const make: TableAddition = {
  item: 0,
  table: 'wp_cut_new',
  kind: 'make',
  columns: [number, column('c', { type: 'longtext', fallback: 'null', nullable: true })],
  keys: [{ kind: 'primary', name: '', parts: [{ column: 'id', length: null }] }],
  engine: 'InnoDB',
  collation: null,
};

/** Rows that need these additions. */
export function changesWith(schema: readonly TableAddition[]): RestoreChanges {
  const { value: _, ...rest } = make.columns[1]!;
  const update = {
    item: 0,
    key: { id: '2' },
    before: { a: 'b', b: 'none' },
    after: { a: schema.some(({ wider: more }) => more) ? LONG : 'bb', b: 'some' },
  };
  const rows = [
    keyed('wp_cut', 'id', { updates: [update], inserts: [{ item: 0, row: { id: '3', a: 'c', b: 'new' } }] }),
    keyed('wp_cut_new', 'id', { inserts: [{ item: 0, row: { id: '1', c: 'made' } }] }),
  ];
  const additions = schema.map((each) => (each === make ? { ...make, columns: [number, rest] } : each));
  return { ...changesOf(rows, [{ id: 'plugin:cut', title: 'Cut' }]), schema: additions };
}
