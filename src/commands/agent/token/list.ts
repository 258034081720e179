import { BaseCommand } from '../../../cli/base-command.ts';
import { wpcloneHome } from '../../../cli/config/load.ts';
import { tokenTable } from '../../../cli/presenters/agent.ts';

export default class AgentTokenList extends BaseCommand {
  static override summary = 'List the tokens of the agent of this home.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  async run(): Promise<object> {
    const { flags } = await this.parse(AgentTokenList);
    const lines = await this.watched(flags, [], async (context) => {
      const { tokenLine, withTokens } = await import('../../../agent/access/manage.ts');
      return withTokens(wpcloneHome(process.env), context, (tokens) => tokens.list().map(tokenLine));
    });
    return this.present({ tokens: lines }, () => tokenTable(lines));
  }
}
