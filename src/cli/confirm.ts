import { WpcloneError } from '../shared/errors.ts';
import { canAsk } from './password.ts';

/**
 * Has the person type `name` before something is done that cannot simply be taken back; `flag` answers instead of them. Throws
 * CONFIRMATION_MISSING without a terminal, DECLINED for anything else typed.
 */
export async function confirmByName(
  name: string,
  question: string,
  flag: '--force' | '--yes',
  signal: AbortSignal,
): Promise<void> {
  if (!canAsk()) {
    throw new WpcloneError('CONFIRMATION_MISSING', `${question} There is no terminal to confirm it.`, {
      details: { flag },
    });
  }
  const { input } = await import('@inquirer/prompts');
  const answer = await input({ message: `${question} Type ${name} to go on:` }, { output: process.stderr, signal });
  if (answer.trim() !== name) throw new WpcloneError('DECLINED', 'Nothing was done.');
}
