import type { AppliedReport, KeptItem, RestoreReport, UndoReport } from '../../operations/types.ts';
import { count, counted, printable, table } from '../../shared/format.ts';
import type { Colors } from '../colors.ts';

/** `restore list`. */
export function restoreTable(restores: readonly RestoreReport[], colors: Colors): string {
  if (restores.length === 0) return 'Nothing was restored from here.';
  const head = ['RESTORE', 'STATE', 'SITE', 'CLONE', 'ROWS', 'HELD', 'MADE'].map((title) => colors.dim(title));
  const rows = restores.map((restore) => [
    colors.bold(restore.restore_id),
    restore.status,
    printable(restore.url),
    printable(restore.clone_id ?? ''),
    String(rowsOf(restore)),
    restore.held_ms === null ? '' : `${restore.held_ms} ms`,
    restore.made_at,
  ]);
  return table([head, ...rows]);
}

/** `restore show`. */
export function restoreDetails(restore: RestoreReport, colors: Colors): string {
  const rows = [
    ['Restore', colors.bold(restore.restore_id)],
    ['State', restore.status],
    ['Site', printable(restore.url)],
    ['Clone', printable(restore.clone_id ?? 'not known here')],
    ['Made', restore.made_at],
    ['Applied', restore.applied_at ?? 'never'],
    ['Held the site', restore.held_ms === null ? 'not known' : `${restore.held_ms} ms`],
    ...Object.entries(restore.rows).map(([name, number]) => [`Rows of ${printable(name)}`, String(number)]),
    ...(restore.files === 0 ? [] : [['Files', String(restore.files)]]),
  ];
  const open = restore.status === 'applied' || restore.status === 'partly';
  const details = table(rows.map(([name = '', value = '']) => [colors.dim(name), value]));
  return open ? `${details}\n${wayBack(restore.restore_id)}` : details;
}

/** What a person takes away from a restore that was applied. */
export function appliedLines(report: AppliedReport, colors: Colors): string {
  const held = report.held_ms === null ? '' : `, held the site for ${report.held_ms} ms`;
  const files = report.files === 0 ? '' : ` and ${counted(report.files, 'file')}`;
  const done = `${colors.bold(report.restore_id)}: wrote ${counted(rowsOf(report), 'row')}${files} of ${counted(report.items, 'thing')} to ${printable(report.url)}${held}`;
  const warnings = report.warnings.map((warning) => `${colors.yellow('!')} ${printable(warning)}`);
  return [done, ...warnings, wayBack(report.restore_id)].join('\n');
}

/** `restore undo`. */
export function undoLines(report: UndoReport, colors: Colors): string {
  const done = `${colors.bold(report.restore_id)}: ${count(report.undone)} undone at ${printable(report.url)}`;
  if (report.kept.length === 0 && report.status === 'undone') return `${done}; nothing of it is left there`;
  const kept = report.kept.map((item) => `${colors.yellow('!')} kept: ${keptLine(item)}`);
  if (report.status === 'undone') return [done, ...kept].join('\n');
  return [done, ...kept, `What is left: wpclone restore accept ${report.restore_id} gives up the way back.`].join('\n');
}

const WHY = {
  changed: 'it was changed since',
  gone: 'it was deleted since',
  taken: 'its place is taken since',
  more: 'it has more or fewer values since',
  needed: 'something that came since belongs to it',
  holds: 'a table or column of it stays, because something was written into it since',
} as const;

const keptLine = ({ item, title, why }: KeptItem): string =>
  `${printable(title || item)} (${printable(item)}): ${why.map((each) => WHY[each]).join(', ')}`;

const rowsOf = ({ rows }: RestoreReport): number => Object.values(rows).reduce((sum, number) => sum + number, 0);

/** How to take a restore back, and how to give that up. */
const wayBack = (id: string): string => `undo: wpclone restore undo ${id}   keep: wpclone restore accept ${id}`;
