import { join } from 'node:path';
import type { Rehearsal } from '../../operations/rehearse.ts';
import { count, counted, printable } from '../../shared/format.ts';
import type { Colors } from '../colors.ts';

/** What trying a restore out came to. `folder`: where its pictures are. */
export function rehearsalLines(rehearsal: Rehearsal, folder: string | undefined, colors: Colors): string {
  const { items, rows, files, held_ms: held, warnings, otherwise, pictures } = rehearsal;
  const number = Object.values(rows).reduce((sum, each) => sum + each, 0);
  const withFiles = files === 0 ? '' : ` and ${counted(files, 'file')}`;
  const holds = held === null ? '' : `, held the copy for ${held} ms`;
  const warning = (text: string): string => `${colors.yellow('!')} ${printable(text)}`;
  return [
    `${colors.bold('Rehearsed')} on a copy of ${printable(rehearsal.url)}: wrote ${counted(number, 'row')}${withFiles} of ${counted(items, 'thing')}${holds}. The copy is gone.`,
    ...warnings.map(warning),
    ...(otherwise.length === 0 ? [] : [warning(`Otherwise than planned: ${otherwise.join(', ')}.`)]),
    ...pictures.map((picture) => pictureLine(picture, folder ?? '')),
  ].join('\n');
}

function pictureLine({ page, pixels, of, after, difference }: Rehearsal['pictures'][number], folder: string): string {
  const share = of === 0 ? 0 : (100 * pixels) / of;
  const shown = share < 0.1 ? 'under 0.1' : share.toFixed(1);
  return difference === undefined
    ? `  ${printable(page)}: looks the same   ${join(folder, after)}`
    : `  ${printable(page)}: ${count(pixels)} points (${shown} %) differ   ${join(folder, difference)}`;
}
