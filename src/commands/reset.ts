import { BaseCommand } from '../cli/base-command.ts';
import { cloneArgument, noWaitFlag, runtimeFlags } from '../cli/flags.ts';
import { acceptedLine } from '../cli/presenters/jobs.ts';

export default class Reset extends BaseCommand {
  static override summary = 'Reset a clone to the moment it was cloned.';
  static override description =
    'Database, files and settings return to what they were; changes made in the clone since then are lost. Its name, address, password and end stay the same.';
  static override examples = ['<%= config.bin %> <%= command.id %> mysite-k3f'];
  static override args = { name: cloneArgument };
  static override flags = { 'no-wait': noWaitFlag, ...runtimeFlags };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Reset);
    if (flags['no-wait']) {
      const job = await this.operateThroughAgent(flags, [], (operations, context) =>
        operations.jobs.submitReset(args.name, context),
      );
      return this.present(job, (colors) => acceptedLine(job, colors));
    }
    const clone = await this.operateTidily(flags, ['reset'], (operations, context) =>
      operations.reset(args.name, context),
    );
    return this.present(
      clone,
      (colors) => `${colors.bold(clone.clone_id)}   ${colors.cyan(clone.clone_url)}   was reset`,
    );
  }
}
