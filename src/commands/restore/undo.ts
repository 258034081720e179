import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { confirmByName } from '../../cli/confirm.ts';
import { restoreArgument, writtenFlags, writtenRequest } from '../../cli/restore-command.ts';
import { undoLines } from '../../cli/presenters/restores.ts';
import { sourceCredentials, takePasswords } from '../../cli/credentials.ts';

const QUESTION = 'This writes what the live site held before back to it, which visitors see.';

export default class RestoreUndo extends BaseCommand {
  static override summary = 'Take back what a restore wrote to its live site.';
  static override description =
    'Only what the restore wrote is taken back: orders, comments and edits that came since stay. What was changed since is kept as it is, and named. It logs in to the site as clone does.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> rst-7c2abcde --username admin',
    '<%= config.bin %> <%= command.id %> rst-7c2abcde --only page:12 --only option:blogname --yes',
    '<%= config.bin %> <%= command.id %> rst-7c2abcde --to https://mysite.example   # from another machine',
  ];
  static override args = { restore: restoreArgument };
  static override flags = {
    only: Flags.string({
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'KIND:NAME',
      summary: 'Take back this item only, such as page:12; may be given more than once.',
    }),
    yes: Flags.boolean({ default: false, char: 'y', summary: 'Do not ask to type the id first.' }),
    ...writtenFlags,
  };

  async run(): Promise<object> {
    const taken = takePasswords(process.env);
    const { args, flags } = await this.parse(RestoreUndo);
    const username = flags.username ?? this.settings().username;
    const request = writtenRequest(flags, username);
    const report = await this.operate(flags, ['connect', 'undo'], async (operations, context, view) => {
      if (!flags.yes) await confirmByName(args.restore, QUESTION, '--yes', context.signal);
      const credentials = await sourceCredentials(flags, username, taken, view, context.signal);
      return operations.restores.undo(args.restore, flags.only, request, credentials, context);
    });
    return this.present(report, (colors) => undoLines(report, colors));
  }
}
