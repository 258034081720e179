import type { SiteInfo } from '../../site/info.ts';
import { REWRITER_VERSION } from '../../transfer/rewrite/version.ts';
import { bytes, counted, printable } from '../../shared/format.ts';
import type { RestoreChanges, TableChanges } from '../changes.ts';
import type { Kin } from '../kin.ts';
import type { WatchedChoice } from './choose.ts';
import { isWritten } from './expectations.ts';
import type { PlanPolicy } from './schema.ts';
import type { SiteComparison } from './compare-site.ts';

/** A word where the live site has no room for the files. */
export function roomNotes({ files }: Pick<RestoreChanges, 'files'>, { writes }: Pick<SiteInfo, 'writes'>): string[] {
  const needed = files.reduce((sum, { size }) => sum + size, 0);
  const free = writes?.free ?? null;
  return free === null || needed <= free
    ? []
    : [`The files take ${bytes(needed)}, and the disk of the live site has room for ${bytes(free)}.`];
}

/** What keeps anything from being written there, as far as the site says so without being written to. */
export function hindranceNotes({ multisite, writes }: Pick<SiteInfo, 'multisite' | 'writes'>): string[] {
  const missing = writes?.missing ?? [];
  const rights = missing.filter((each) => each !== 'INNODB');
  const notes: string[] = [];
  if (multisite) notes.push('The live site is a network of sites, to which nothing can be restored yet.');
  if (rights.length > 0)
    notes.push(
      `Nothing can be written as it is: the database user of the live site lacks the rights ${rights.map((each) => printable(each)).join(', ')}.`,
    );
  if (missing.includes('INNODB')) notes.push('Nothing can be written: the database of the live site has no InnoDB.');
  return notes;
}

/** Of `--only` and `--skip`, what fits nothing that the clone changed. `ids` of the plan are KIND:NAME. */
export function unmatchedNotes(
  { unmatched }: WatchedChoice,
  things: readonly { readonly id: string; readonly group: string }[],
): string[] {
  const names = things.map(({ id, group }) => {
    const [kind = ''] = id.split(':', 1);
    return { kind, group, names: [id.slice(kind.length + 1)] };
  });
  return unmatched(names).map((said) => `Nothing that was changed in the clone fits ${printable(said)}.`);
}

/** What runs at the live site besides what is written. */
export function triggerNotes({ tables }: RestoreChanges, { triggers }: SiteInfo): string[] {
  const names = new Set(tables.filter(isWritten).map(({ table }) => table));
  const found = triggers.filter(({ table }) => names.has(table)).map(({ name, table }) => `${name} (${table})`);
  return found.length === 0 ? [] : [`Triggers of the live site run when this is written: ${found.join(', ')}.`];
}

/** Rows of one table that are written in a moment that nobody notices. */
const UNNOTICED = 5_000;

/** Where so many rows are written that others may have to wait: all are held until the last one is written. */
export function heldNotes({ tables }: Pick<RestoreChanges, 'tables'>): string[] {
  return tables
    .filter((table) => heldRows(table) > UNNOTICED)
    .map(
      (table) =>
        `${counted(heldRows(table), 'row')} of ${table.table} are held until all is written: whoever writes to them meanwhile waits, and may get an error. Choose a quiet hour, or take them in parts (--only).`,
    );
}

/** Rows that are there already. */
function heldRows(table: TableChanges): number {
  if (table.kind === 'keyed') return table.updates.length + table.deletes.length;
  if (table.kind === 'meta') return table.changes.reduce((sum, { before }) => sum + before.length, 0);
  return table.kind === 'relations' ? table.updates.length + table.remove.length : table.rows.length;
}

/** What it means that nobody remembers a version before. */
const twoSidedNotes = ({ delete: deletes }: PlanPolicy): string[] => [
  'This is not the site that was cloned, and nothing is remembered of it: only two versions are compared. What the clone alone has is brought there; what this site alone has stays; what both have otherwise is decided by somebody, since nobody knows who changed it.',
  'Nothing is deleted on it: what the clone has not may never have been in it. WordPress itself, queues, logs, sessions and files outside of plugins, themes and uploads stay as they are.',
  'In tables of plugins user_id and author_id are known to mean somebody; a number under another name (customer_id) goes as it is, and may mean somebody else there.',
  ...(deletes ? ['--delete does nothing here.'] : []),
];

/** What the plan could not take into account. */
export function comparisonNotes(
  { remembered }: Pick<SiteComparison, 'remembered'>,
  { kin, policy }: { readonly kin: Kin; readonly policy: PlanPolicy },
): string[] {
  const notes: string[] = [];
  if (kin === 'other') notes.push(...twoSidedNotes(policy));
  else if (remembered === undefined)
    notes.push(
      'The clone was made by an older wpclone and does not remember its source: tables that it changed are compared whole, new IDs may meet those of the live site, files are not compared, and what the live site did elsewhere is not known.',
    );
  else if (remembered.rewriter.version !== REWRITER_VERSION)
    notes.push(
      'The clone was made by another version of the rewriter: rows with addresses may look changed on the live site.',
    );
  return notes;
}

/** What it means that nobody knows any more what earlier restores brought. */
export const damagedNotes = ({ isDamaged }: { readonly isDamaged?: boolean }): string[] =>
  isDamaged === true
    ? [
        'The notes of what earlier restores of this clone brought are damaged. Nothing is lost; but where the clone was edited once more since, both sides seem to have changed it, and somebody has to decide.',
      ]
    : [];
