import type { WpcloneError } from '../../shared/errors.ts';
import { printable } from '../../shared/format.ts';
import type { Colors } from '../colors.ts';

/** What happened, then what to do next; with `debug` the stacks too. Ends with a line feed. */
export function errorText(error: WpcloneError, colors: Colors, debug: boolean): string {
  const lines = [`${colors.red('✖')} ${inset(error.message)} ${colors.dim(`(${error.code})`)}`];
  for (const step of error.nextSteps) lines.push(`  ${colors.cyan('→')} ${inset(step)}`);
  if (debug) lines.push(...stacks(error).map(inset));
  return `${lines.join('\n')}\n`;
}

/** A site may have written part of it: further lines stand in from the edge, so that none looks like one of ours. */
const inset = (text: string): string => printable(text, true).replaceAll('\n', '\n      ');

function stacks(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  return [error.stack ?? error.message, ...stacks(error.cause)];
}
