import { createHash } from 'node:crypto';
import type { ItemOutcome, Write } from './outcome.ts';
import { contentOf, identityOf, partsOf, tableOf, type Part, type Table } from './parts.ts';
import { COLUMNS } from './references.ts';
import type { Row, TableDifferences, Versions } from './types.ts';

/**
 * What an earlier restore of the clone brought is what both sides have had in common since then, as after a merge of branches: the next
 * one compares with that, and what was edited in the clone once more is no conflict with the clone's own earlier edit.
 *
 * Only digests are kept. A part that the live site still has just as it was left is its own version of what was brought; a part that
 * anybody wrote to since, or that an undo took back, is compared with what the clone was made with, as if nothing had been brought.
 */

/** A part as a restore left it. */
export interface BroughtPart {
  readonly table: string;
  /** SHA-256 of what makes the part one thing. */
  readonly part: string;
  /** SHA-256 of what the live site was left with, in the clone's spelling. */
  readonly left: string;
  /** Of one row the columns in which it was left as the clone had it, of several how many of them are the clone's. */
  readonly taken: string[] | number;
}

/** Whether a number of a table's row is another one in the clone; undefined: of any table's. */
type IsGiven = (short: string | undefined, number: string) => boolean;

/**
 * What a restore leaves, part by part, to be remembered once it is applied. Not what got another number (`given`): the clone has it under
 * its own, and may give that one to something else.
 */
export function broughtBy(items: readonly ItemOutcome[], given: IsGiven): BroughtPart[] {
  return items.flatMap(({ writes }) => writes.flatMap((write) => brought(write, given) ?? []));
}

function brought({ part, rows }: Write, given: IsGiven): BroughtPart | undefined {
  const { table, base, clone } = part;
  const told = rows[0] ?? clone[0] ?? base[0];
  const own = table.class.kind === 'entity' ? table.short : undefined;
  const isGiven = (column: string): boolean =>
    given(COLUMNS[table.short]?.[column] ?? own, told?.[table.at(column)] ?? '');
  if (table.twoSided || table.class.identity.some(isGiven)) return undefined;
  const note = { table: table.name, part: sha256(part.key), left: sha256(contentOf(table, rows)) };
  const [row, ours] = [rows[0], clone[0]];
  if (isSingle(table) && row && ours) return { ...note, taken: table.columns.filter((_, at) => row[at] === ours[at]) };
  if (table.class.kind === 'unkeyed') return { ...note, taken: clone.length };
  // Lists of both sides that were put together are neither side's.
  return contentOf(table, rows) === contentOf(table, clone) ? { ...note, taken: rows.length } : undefined;
}

/** Of what identity there is one row. */
const isSingle = ({ class: { kind } }: Table): boolean => kind !== 'meta' && kind !== 'unkeyed';

/** Puts what earlier restores brought in the place of what the clone was made with. */
export function sinceBrought(
  tables: readonly TableDifferences[],
  notes: readonly BroughtPart[],
): readonly TableDifferences[] {
  const byTable = Map.groupBy(notes, ({ table }) => table);
  return tables.map((table) => {
    const known = byTable.get(table.name);
    return known === undefined || table.twoSided ? table : { ...table, rows: rebased(table, known) };
  });
}

function rebased(differences: TableDifferences, notes: readonly BroughtPart[]): readonly Versions[] {
  const table = tableOf(differences);
  const byPart = Map.groupBy(notes, ({ part }) => part);
  const bases = new Map<string, readonly Row[]>();
  for (const part of partsOf(table, differences.rows)) {
    const note = byPart.get(sha256(part.key))?.find(({ left }) => left === sha256(contentOf(table, part.live)));
    if (note) bases.set(part.key, baseOf(part, note));
  }
  if (bases.size === 0) return differences.rows;
  const isRebased = (row: Row | undefined): boolean => row !== undefined && bases.has(identityOf(table, row));
  const rows = differences.rows
    .map((versions): Versions => (isRebased(versions.base) ? { ...versions, base: undefined } : versions))
    .filter(({ base, live, clone }) => base ?? live ?? clone);
  const places = isSingle(table) ? placesOf(table, rows) : new Map<string, number>();
  for (const [key, all] of bases)
    for (const base of all) {
      const at = places.get(key);
      if (at === undefined || rows[at]?.base) rows.push({ base });
      else rows[at] = { ...rows[at], base };
    }
  return rows;
}

/** Where each thing's row stands, the clone's rather than the live site's: by the side of that numbers of changed cells are known. */
function placesOf(table: Table, rows: readonly Versions[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const version of ['live', 'clone'] as const)
    for (const [at, { [version]: row }] of rows.entries()) if (row) places.set(identityOf(table, row), at);
  return places;
}

function baseOf({ table, base, live }: Part, { taken }: BroughtPart): readonly Row[] {
  if (typeof taken === 'number') {
    const [row] = live;
    if (table.class.kind !== 'unkeyed') return live;
    return row === undefined ? [] : Array.from({ length: taken }, () => row);
  }
  const [row, was] = [live[0], base[0]];
  if (row === undefined) return [];
  const ours = new Set(taken);
  return [row.map((value, at) => (was === undefined || ours.has(table.columns[at] ?? '') ? value : (was[at] ?? null)))];
}

const sha256 = (text: string): string => createHash('sha256').update(text, 'latin1').digest('hex');
