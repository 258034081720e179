import * as Flags from '@oclif/core/flags';
import { argument } from '../../../cli/argument.ts';
import { SCOPES } from '../../../agent/access/token.ts';
import { BaseCommand } from '../../../cli/base-command.ts';
import { wpcloneHome } from '../../../cli/config/load.ts';

export default class AgentTokenCreate extends BaseCommand {
  static override summary = 'Make a token for calling the agent of this home.';
  static override description =
    "It is shown once; only a hash of it is kept. read sees jobs and clones, clone also makes and removes them, restore sees them and writes to live sites, admin may do everything. A token of a customer sees that customer's jobs and clones only.";
  static override examples = [
    '<%= config.bin %> <%= command.id %> ci --scope clone',
    '<%= config.bin %> <%= command.id %> shop --scope clone --scope restore --customer acme --json',
  ];
  static override args = { name: argument({ name: 'NAME', required: true, description: 'What it is for.' }) };
  static override flags = {
    scope: Flags.string({
      multiple: true,
      options: [...SCOPES],
      default: ['read', 'clone'],
      summary: 'What it may do; may be repeated.',
    }),
    customer: Flags.string({ helpValue: 'NAME', summary: 'Whose jobs and clones it sees; all when absent.' }),
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(AgentTokenCreate);
    const made = await this.watched(flags, [], async (context) => {
      const { tokenLine, withTokens } = await import('../../../agent/access/manage.ts');
      const scopes = SCOPES.filter((scope) => flags.scope.includes(scope));
      const wanted = { name: args.name, scopes, customer: flags.customer ?? null };
      return withTokens(wpcloneHome(process.env), context, (tokens) => {
        const token = tokens.create(wanted);
        return { ...tokenLine(token), token: token.text };
      });
    });
    return this.present(made, () => made.token);
  }
}
