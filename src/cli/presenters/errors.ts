import type { WpcloneError } from '../../shared/errors.ts';
import type { Colors } from '../colors.ts';

/** What happened, then what to do next; with `debug` the stacks too. Ends with a line feed. */
export function errorText(error: WpcloneError, colors: Colors, debug: boolean): string {
  const lines = [`${colors.red('✖')} ${error.message} ${colors.dim(`(${error.code})`)}`];
  for (const step of error.nextSteps) lines.push(`  ${colors.cyan('→')} ${step}`);
  if (debug) lines.push(...stacks(error));
  return `${lines.join('\n')}\n`;
}

function stacks(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  return [error.stack ?? error.message, ...stacks(error.cause)];
}
