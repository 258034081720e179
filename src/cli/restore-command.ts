import { Flags } from '@oclif/core';
import { argument } from './argument.ts';
import type { WorkContext } from '../shared/context.ts';
import type { StepName } from '../shared/events.ts';
import type { RestoreOperations, WrittenRequest } from '../operations/restores.ts';
import { BaseCommand } from './base-command.ts';
import { sourceFlags } from './flags.ts';
import type { View } from './presenters/view.ts';

export const restoreArgument = argument({
  name: 'RESTORE',
  required: true,
  description: 'Id of the restore: wpclone restore list.',
});

/** For commands that log in to the live site of a restore. */
export const writtenFlags = {
  to: Flags.string({ helpValue: 'URL', summary: 'The live site, where this machine does not know the restore.' }),
  events: Flags.boolean({ summary: 'Print one JSON object per line; the last one is the result.' }),
  ...sourceFlags,
};

/** Which site, and how to log in to it, as flags say. */
export const writtenRequest = (
  flags: { readonly to?: string | undefined; readonly 'login-url'?: string | undefined; readonly insecure: boolean },
  username: string | undefined,
): WrittenRequest => ({
  ...(username === undefined ? {} : { username }),
  ...(flags['login-url'] === undefined ? {} : { loginUrl: flags['login-url'] }),
  ...(flags.to === undefined ? {} : { to: flags.to }),
  insecureTls: flags.insecure,
});

/** A command that looks after restores: no clone is needed for it. */
export abstract class RestoreCommand extends BaseCommand {
  protected async withRestores<T>(
    flags: { readonly quiet?: boolean; readonly debug?: boolean },
    steps: readonly StepName[],
    work: (operations: RestoreOperations, context: WorkContext, view: View) => Promise<T>,
  ): Promise<T> {
    const settings = this.operationSettings(flags);
    return this.watched(flags, steps, async (context, view) => {
      const { createRestoreOperations } = await import('../operations/restores.ts');
      const operations = createRestoreOperations(settings);
      try {
        return await work(operations, context, view);
      } finally {
        await operations.close();
      }
    });
  }
}
