import type { WorkContext } from '../shared/context.ts';
import { toWpcloneError } from '../shared/errors.ts';
import { counted, printable } from '../shared/format.ts';
import type { WriteClient } from '../site/write/client.ts';

/** What PHP logged at a site since it was written to. */
export interface Logged {
  /** Where a request ended with an error of what was restored: pages show that only where they are looked at. */
  readonly fatal?: string;
  /** In words. */
  readonly warnings: readonly string[];
}

const TOLD = 3;

/** Asks the site for the errors that are new in its log. A site that says nothing of its log is as good as before. Rejects only when cancelled. */
export async function loggedSince(
  client: Pick<WriteClient, 'errors'>,
  { signal, log }: Pick<WorkContext, 'signal' | 'log'>,
): Promise<Logged> {
  const { errors } = await client.errors(signal).catch((error: unknown) => {
    signal.throwIfAborted();
    log.debug('the log of PHP was not looked at', { error: toWpcloneError(error).message });
    return { errors: [] };
  });
  const places = (of: typeof errors): string[] =>
    of.slice(0, TOLD).map(({ file, line }) => `${printable(file).slice(0, 150)}, line ${line}`);
  const [fatal] = places(errors.filter((error) => error.fatal && error.restored));
  const strange = errors.filter((error) => error.fatal && !error.restored);
  const others = errors.filter((error) => !error.fatal);
  const told = (of: typeof errors): string =>
    `${places(of).join('; ')}${of.length > TOLD ? ` and ${of.length - TOLD} more` : ''}`;
  const warnings = [
    ...(strange.length === 0
      ? []
      : [
          `PHP of the live site logs ${counted(strange.length, 'fatal error')} that it did not log before, in nothing that was restored: ${told(strange)}.`,
        ]),
    ...(others.length === 0
      ? []
      : [
          `PHP of the live site logs ${counted(others.length, 'warning')} that it did not log before: ${told(others)}.`,
        ]),
  ];
  return { ...(fatal !== undefined && { fatal }), warnings };
}
