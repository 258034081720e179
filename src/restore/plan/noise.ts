import { textOfCell } from '../cell-text.ts';
import type { Noise } from '../../transfer/origin/schema.ts';
import { cell, type Part } from '../merge/parts.ts';

/** Whether the site changed something by itself when the clone was looked at; content that people write is not among it. */
export function noiseOf(noise: Noise | undefined): (part: Part) => boolean {
  const seen = new Set(
    (noise?.tables ?? []).flatMap(({ name, rows }) =>
      (rows ?? []).map((row) => `${name}\t${row.label ?? row.key.join('\t')}`),
    ),
  );
  return (part) => {
    const { table } = part;
    const row = part.clone[0] ?? part.base[0];
    if (!row || seen.size === 0 || WRITTEN.has(table.short)) return false;
    const label = LABELS[table.class.kind];
    const name =
      label === undefined
        ? (table.key ?? []).map((column) => textOfCell(cell(table, row, column) ?? '')).join('\t')
        : textOfCell(cell(table, row, label) ?? '');
    return seen.has(`${table.name}\t${name}`);
  };
}

const LABELS: Partial<Record<Part['table']['class']['kind'], string>> = { setting: 'option_name', meta: 'meta_key' };
const WRITTEN = new Set(['posts', 'terms', 'comments', 'term_relationships']);
