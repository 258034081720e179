import { keepLive, takeClone, type MergeCell } from './cells.ts';
import { isMergedByCell, isWritten, quietColumns, settingCell } from './classes.ts';
import { isEcho, isIndex } from './index-entries.ts';
import { cell, contentOf, differs, type Part } from './parts.ts';
import type { Row, Value } from './types.ts';

/** Both changed the same thing, or one changed what the other took away. */
export interface Clash {
  /** The columns in which both changed something, or none when that cannot be said of columns. */
  readonly columns: readonly string[];
}

/** What a part comes to: the rows that the live site is to have. */
export interface Merged {
  readonly rows: readonly Row[];
  readonly clash?: Clash;
  /** Both changed something, in other fields, and people write in these. */
  readonly both?: readonly string[];
}

/** Merges one part of which the clone's version says something else than the base's. In a clash, `rows` are the clone's. */
export function mergePart(part: Part): Merged {
  const { table, base, live, clone } = part;
  if (!differs(part, 'clone', 'live')) return { rows: live };
  if (table.class.kind === 'unkeyed') return { rows: mergeCounts(part) };
  const [row, theirs, ours] = [base[0], live[0], clone[0]];
  const single = base.length === 1 && live.length === 1 && clone.length === 1;
  if (single && row && theirs && ours && table.class.kind !== 'meta') return mergeCells(part, row, theirs, ours);
  if (!differs(part, 'live', 'base')) return { rows: clone };
  if (isEcho(part)) return { rows: clone };
  // What is derived of something else on either side is made anew there.
  if (table.twoSided && table.class.kind === 'derived' && !isIndex(table)) return { rows: live };
  return { rows: clone, clash: { columns: [] } };
}

/** As often as live has it, and as often more or less as the clone has made of it. */
function mergeCounts({ base, live, clone }: Part): Row[] {
  const count = Math.max(0, live.length + clone.length - base.length);
  const row = clone[0] ?? live[0] ?? base[0];
  return row === undefined ? [] : Array.from({ length: count }, () => row);
}

function mergeCells(part: Part, base: Row, live: Row, clone: Row): Merged {
  const { table } = part;
  const quiet = quietColumns(table.short);
  const clashes: string[] = [];
  const theirs: string[] = [];
  const ours: string[] = [];
  const merged = table.columns.map((column, at): Value => {
    const [was, there, here] = [base[at] ?? null, live[at] ?? null, clone[at] ?? null];
    if (table.class.carriers.includes(column)) return there;
    const hush = quiet[column];
    if (here === was || here === there) {
      if (there !== was && here !== there && !hush) theirs.push(column);
      return there;
    }
    if (there === was) {
      if (!hush) ours.push(column);
      return hush ? (hush(was, there, here) ?? there) : here;
    }
    const merge = hush ?? mergeOf(part, clone, column);
    const both = merge?.(was, there, here);
    if (both === undefined) clashes.push(column);
    return both === undefined ? here : both;
  });
  if (clashes.length > 0) return { rows: [merged], clash: { columns: clashes } };
  if (theirs.length === 0 || ours.length === 0) return { rows: [merged] };
  if (!isMergedByCell(table.short, table.class)) return { rows: [clone], clash: { columns: ours } };
  const both = [...theirs, ...ours].filter(isWritten);
  return both.length > 0 ? { rows: [merged], both } : { rows: [merged] };
}

function mergeOf(part: Part, row: Row, column: string): MergeCell | undefined {
  const { table } = part;
  if (isEcho(part)) return takeClone;
  if (table.class.kind === 'derived' && !isIndex(table)) return keepLive;
  return table.class.kind === 'setting' && column === 'option_value'
    ? settingCell(cell(table, row, 'option_name') ?? '', table.prefix)
    : undefined;
}

/** Whether what live is to have is what it has. */
export const isAsLive = ({ table, live }: Part, rows: readonly Row[]): boolean =>
  contentOf(table, live, 'with') === contentOf(table, rows, 'with');
