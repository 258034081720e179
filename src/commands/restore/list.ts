import { BaseCommand } from '../../cli/base-command.ts';
import { agentFlags } from '../../cli/flags.ts';
import { restoreTable } from '../../cli/presenters/restores.ts';

export default class RestoreList extends BaseCommand {
  static override summary = 'List what was brought from clones to live sites from this machine, or by the agent.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];
  static override flags = agentFlags;

  async run(): Promise<object> {
    const { flags } = await this.parse(RestoreList);
    const restores = await this.operate(flags, [], (operations, context) => operations.restores.list(context));
    return this.present({ restores }, (colors) => restoreTable(restores, colors));
  }
}
