import { BaseCommand } from '../../cli/base-command.ts';
import { agentFlags } from '../../cli/flags.ts';
import { restoreArgument } from '../../cli/restore-command.ts';
import { restoreDetails } from '../../cli/presenters/restores.ts';

export default class RestoreShow extends BaseCommand {
  static override summary = 'Show what a restore wrote to its live site.';
  static override examples = ['<%= config.bin %> <%= command.id %> rst-7c2abcde'];
  static override args = { restore: restoreArgument };
  static override flags = agentFlags;

  async run(): Promise<object> {
    const { args, flags } = await this.parse(RestoreShow);
    const restore = await this.operate(flags, [], (operations, context) =>
      operations.restores.show(args.restore, context),
    );
    return this.present({ restore }, (colors) => restoreDetails(restore, colors));
  }
}
