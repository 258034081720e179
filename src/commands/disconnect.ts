import { argument } from '../cli/argument.ts';
import { BaseCommand } from '../cli/base-command.ts';
import { sourceCredentials, takePasswords } from '../cli/credentials.ts';
import { agentFlags, sourceFlags } from '../cli/flags.ts';

export default class Disconnect extends BaseCommand {
  static override summary = 'Remove the wpclone plugin from a source site.';
  static override description =
    'Uses the key that wpclone kept from the last clone; when there is none, it logs in as clone does. Clones of the site are not touched.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> https://mysite.example',
    '<%= config.bin %> <%= command.id %> https://mysite.example --username admin --password-file secret.txt',
  ];
  static override args = { url: argument({ required: true, description: 'Address of the source site.' }) };
  static override flags = { ...sourceFlags, ...agentFlags };

  async run(): Promise<object> {
    const taken = takePasswords(process.env);
    const { args, flags } = await this.parse(Disconnect);
    const username = flags.username ?? this.settings().username;
    const report = await this.operate(flags, [], async (operations, context, view) => {
      const login = {
        ...(username === undefined ? {} : { username }),
        ...(flags['login-url'] === undefined ? {} : { loginUrl: flags['login-url'] }),
        insecureTls: flags.insecure,
      };
      const { askUsername: _onlyWithName, ...credentials } = await sourceCredentials(
        flags,
        username,
        taken,
        view,
        context.signal,
      );
      return operations.disconnect(args.url, login, credentials, context);
    });
    return this.present(report, () => {
      if (report.removed) return `The plugin was removed from ${report.url}.`;
      return username === undefined
        ? `wpclone knows of no plugin of its own on ${report.url}. To have it log in and look, add --username.`
        : `There was no wpclone plugin on ${report.url}.`;
    });
  }
}
