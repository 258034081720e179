import { BaseCommand } from '../cli/base-command.ts';
import { cloneArgument, runtimeFlags } from '../cli/flags.ts';

export default class Reset extends BaseCommand {
  static override summary = 'Reset a clone to the moment it was cloned.';
  static override description =
    'Database, files and settings return to what they were; changes made in the clone since then are lost. Its name, address, password and end stay the same.';
  static override examples = ['<%= config.bin %> <%= command.id %> mysite-k3f'];
  static override args = { name: cloneArgument };
  static override flags = runtimeFlags;

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Reset);
    const clone = await this.operateTidily(flags, ['reset'], (operations, context) =>
      operations.reset(args.name, context),
    );
    return this.present(
      clone,
      (colors) => `${colors.bold(clone.clone_id)}   ${colors.cyan(clone.clone_url)}   was reset`,
    );
  }
}
