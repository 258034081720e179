import type { RestorePlan } from '../../operations/types.ts';
import { count, counted, printable, remaining } from '../../shared/format.ts';
import type { Colors } from '../colors.ts';
import { conflictLines, keptLines } from './plan-held.ts';
import { itemTexts, packageTexts, settingTexts, uploadTexts } from './plan-texts.ts';

const LABEL = 10;
const SHOWN = 20;

/** The plan as people read it: what goes back, by kind, what stays, and what somebody has to decide. */
export function planText(plan: RestorePlan, colors: Colors, now: number): string {
  const lines: string[] = [headLine(plan, colors, now)];
  const add = (label: string, texts: readonly string[], color = colors.cyan): void => {
    for (const [index, text] of shortened(texts).entries())
      lines.push(`  ${index === 0 ? color(label.padEnd(LABEL)) : ' '.repeat(LABEL)}${text}`);
  };
  const goes = plan.items.filter(({ conflict, kept }) => !conflict && !kept);
  const group = (name: string) => goes.filter((item) => item.group === name);
  add('content', itemTexts(group('content'), plan));
  add('settings', settingTexts(group('settings')));
  add('media', [...itemTexts(group('media'), plan), ...uploadTexts(plan)]);
  add('code', packageTexts(plan));
  add('users', itemTexts(group('users'), plan));
  add('orders', itemTexts(group('orders'), plan));
  add('tables', tableTexts(plan, group('tables')));
  if (lines.length === 1) lines.push('  Nothing to bring back.');
  add('kept', keptLines(plan), colors.dim);
  add('conflict', conflictLines(plan), colors.red);
  for (const note of plan.notes) lines.push(`  ${colors.yellow('note'.padEnd(LABEL))}${printable(note)}`);
  if (plan.conflicts > 0)
    lines.push(
      '',
      plan.policy.take === 'clone'
        ? 'What is left cannot go as it is in the clone: leave it out with --skip, by the name in brackets. Nothing was written.'
        : 'Decide with --take clone|live, or leave things out with --skip. Nothing was written.',
    );
  return lines.join('\n');
}

const shortened = (texts: readonly string[]): readonly string[] =>
  texts.length <= SHOWN
    ? texts
    : [...texts.slice(0, SHOWN - 1), `… and ${count(texts.length - SHOWN + 1)} more (--json)`];

function headLine({ clone, live, meanwhile, two_sided: twoSided }: RestorePlan, colors: Colors, now: number): string {
  const age = clone.made_at === null ? '' : `   cloned ${remaining(now, Date.parse(clone.made_at))} ago`;
  const did = meanwhile.map((each) => {
    const total = each.new + each.changed + each.deleted;
    const word = twoSided
      ? ''
      : each.deleted === total
        ? ' deleted'
        : each.changed === total
          ? ' changed'
          : each.new === total
            ? ' new'
            : '';
    return `${count(total)} ${plural(each.kind, total)}${word}`;
  });
  const since = did.length === 0 ? 'nothing that was seen' : did.join(', ');
  const there = twoSided
    ? `only there: ${did.length === 0 ? 'nothing' : did.join(', ')}`
    : `the live site since: ${since}`;
  return `${colors.bold(printable(clone.id))} → ${colors.cyan(printable(live.url))}${age}   ${printable(there)}`;
}

const PLURALS: Readonly<Record<string, string>> = { nav_menu_item: 'menu items', attachment: 'files', row: 'rows' };

function plural(kind: string, total: number): string {
  const name = printable(kind.replaceAll('_', ' '));
  if (total === 1) return name;
  return PLURALS[kind] ?? (name.endsWith('y') ? `${name.slice(0, -1)}ies` : `${name}s`);
}

function tableTexts({ tables, items }: RestorePlan, all: RestorePlan['items']): string[] {
  const rows = all.filter(({ id }) => !id.startsWith('table:'));
  const counts = new Map<string, { new: number; changed: number; deleted: number }>();
  for (const { id, change } of rows) {
    const name = id.replace(/^row:/, '').split('/')[0] ?? '';
    const known = counts.get(name) ?? { new: 0, changed: 0, deleted: 0 };
    counts.set(name, known);
    known[change] += 1;
  }
  const changed = [...counts].map(([name, each]) => {
    const parts = (['new', 'changed', 'deleted'] as const).flatMap((kind) =>
      each[kind] > 0 ? [`${count(each[kind])} ${kind}`] : [],
    );
    return `${printable(name)}: rows ${parts.join(', ')}`;
  });
  const definitions = all
    .filter(({ id, package: of }) => id.startsWith('table:') && of === undefined)
    .map(
      ({ title, change, what, rows: count_ }) =>
        `${printable(title)} ${change === 'new' ? `new: ${counted(count_, 'row')}` : what.map((each) => printable(each)).join(', ')}`,
    );
  // What is told of as a thing is told of once.
  const told = (name: string): boolean =>
    items.some(({ id }) => id.startsWith('table:') && name.endsWith(id.slice('table:'.length)));
  const NOTES: Partial<Record<(typeof tables)[number]['state'], string>> = {
    'new-in-clone': 'new in the clone',
    'altered-in-clone': 'altered in the clone',
    'dropped-in-clone': 'dropped in the clone; stays',
  };
  return [
    ...definitions,
    ...changed,
    ...tables.flatMap(({ name, state }) =>
      NOTES[state] && !told(name) ? [`${printable(name)}: ${NOTES[state]}`] : [],
    ),
  ];
}
