import type { DemoReport } from '../../operations/demo/demo.ts';
import type { Colors } from '../colors.ts';
import { table } from '../../shared/format.ts';
import { cloneLine } from './text.ts';

/** `wpclone` is how the command is called here: installed, or from a checkout. */
export function demoText({ source, clone }: DemoReport, wpclone: string, colors: Colors, now: number): string {
  const name = clone.clone_id;
  const next = [
    [`${wpclone} open ${name}`, 'look at the clone, logged in; change and break what you like'],
    [`${wpclone} reset ${name}`, 'take it back to the moment it was cloned'],
    [`${wpclone} mail ${name}`, 'mail that the clone tried to send'],
    [`${wpclone} list`, 'all clones'],
    [`${wpclone} clone https://your-site.example -u admin`, 'a site of your own'],
    [`${wpclone} demo --remove`, 'take the demonstration away again'],
  ];
  return [
    cloneLine(clone, colors, now),
    '',
    `The source is a real WordPress too: ${colors.cyan(source.url)}   ${source.username} / ${source.password}`,
    '',
    'What to try next:',
    table(next.map(([command = '', what = '']) => [`  ${colors.cyan(command)}`, what])),
  ].join('\n');
}
