import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { jobsFlags, jobArgument } from '../../cli/flags.ts';
import { jobDetails, withoutSecrets } from '../../cli/presenters/jobs.ts';

export default class JobsShow extends BaseCommand {
  static override summary = 'Show one job of an agent, and what it came to.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> job-8f2k',
    '<%= config.bin %> <%= command.id %> job-8f2k --json',
  ];
  static override args = { job: jobArgument };
  static override flags = {
    'show-password': Flags.boolean({
      default: false,
      summary: 'With --json: the password and log-in link of the clone that was made, too.',
    }),
    ...jobsFlags,
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(JobsShow);
    const job = await this.operateThroughAgent(flags, [], (operations, context) =>
      operations.jobs.show(args.job, context),
    );
    return this.present(flags['show-password'] ? job : withoutSecrets(job), (colors) => jobDetails(job, colors));
  }
}
