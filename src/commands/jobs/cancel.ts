import { BaseCommand } from '../../cli/base-command.ts';
import { jobsFlags, jobArgument } from '../../cli/flags.ts';
import { acceptedLine } from '../../cli/presenters/jobs.ts';

export default class JobsCancel extends BaseCommand {
  static override summary = 'Cancel a job of an agent; what it did is taken back.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> job-8f2k',
    '<%= config.bin %> <%= command.id %> job-8f2k --json',
  ];
  static override args = { job: jobArgument };
  static override flags = jobsFlags;

  async run(): Promise<object> {
    const { args, flags } = await this.parse(JobsCancel);
    const job = await this.operateThroughAgent(flags, [], (operations, context) =>
      operations.jobs.cancel(args.job, context),
    );
    return this.present(job, (colors) =>
      job.status === 'failed' ? `${colors.bold(job.job_id)} is cancelled` : acceptedLine(job, colors),
    );
  }
}
