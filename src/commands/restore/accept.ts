import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { confirmByName } from '../../cli/confirm.ts';
import { restoreArgument, writtenFlags, writtenRequest } from '../../cli/restore-command.ts';
import { sourceCredentials, takePasswords } from '../../cli/credentials.ts';

export default class RestoreAccept extends BaseCommand {
  static override summary =
    'Give up the way back of a restore: nothing of it is left on the live site but what it wrote.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> rst-7c2abcde --username admin',
    '<%= config.bin %> <%= command.id %> rst-7c2abcde --yes --json',
  ];
  static override args = { restore: restoreArgument };
  static override flags = {
    yes: Flags.boolean({ default: false, char: 'y', summary: 'Do not ask to type the id first.' }),
    ...writtenFlags,
  };

  async run(): Promise<object> {
    const taken = takePasswords(process.env);
    const { args, flags } = await this.parse(RestoreAccept);
    const username = flags.username ?? this.settings().username;
    const request = writtenRequest(flags, username);
    const restore = await this.operate(flags, ['connect', 'accept'], async (operations, context, view) => {
      if (!flags.yes) await confirmByName(args.restore, 'Afterwards it cannot be undone.', '--yes', context.signal);
      return operations.restores.accept(
        args.restore,
        request,
        await sourceCredentials(flags, username, taken, view, context.signal),
        context,
      );
    });
    return this.present({ restore }, (colors) => `${colors.bold(restore.restore_id)} is accepted`);
  }
}
