import { argument } from '../../../cli/argument.ts';
import { BaseCommand } from '../../../cli/base-command.ts';
import { wpcloneHome } from '../../../cli/config/load.ts';

export default class AgentTokenRevoke extends BaseCommand {
  static override summary = 'Revoke a token of the agent of this home, from now on and for good.';
  static override examples = ['<%= config.bin %> <%= command.id %> Zk3xQ81a'];
  static override args = {
    id: argument({ name: 'ID', required: true, description: 'Its id; wpclone agent token list shows them.' }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(AgentTokenRevoke);
    const revoked = await this.watched(flags, [], async (context) => {
      const { tokenLine, withTokens } = await import('../../../agent/access/manage.ts');
      return withTokens(wpcloneHome(process.env), context, (tokens) => tokenLine(tokens.revoke(args.id)));
    });
    return this.present(revoked, () => `${revoked.id} (${revoked.name}) is revoked.`);
  }
}
