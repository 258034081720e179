import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { jobsFlags, jobArgument } from '../../cli/flags.ts';
import { jobDetails, withoutSecrets } from '../../cli/presenters/jobs.ts';
import { errorFromReport } from '../../shared/wire-error.ts';
import { CLONE_STEPS } from '../../shared/events.ts';

export default class JobsWatch extends BaseCommand {
  static override summary = 'Watch a job of an agent until it has ended.';
  static override description =
    'Ends as the job does: with its error and exit code when it failed. Ctrl-C ends the watching, not the job.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> job-8f2k',
    {
      description: 'In a script: hand a clone in, do something else, then wait for it.',
      command:
        'job=$(<%= config.bin %> clone https://mysite.example -u admin --no-wait --json | jq -r .job_id); <%= config.bin %> <%= command.id %> $job --json',
    },
  ];
  static override args = { job: jobArgument };
  static override flags = {
    'show-password': Flags.boolean({
      default: false,
      summary: 'With --json: the password and log-in link of the clone that was made, too.',
    }),
    events: Flags.boolean({ summary: 'Print one JSON object per line as it goes on; the last one is the job.' }),
    ...jobsFlags,
  };

  protected override readonly onlyLooks = true;

  async run(): Promise<object> {
    const { args, flags } = await this.parse(JobsWatch);
    const job = await this.operateThroughAgent(flags, CLONE_STEPS, (operations, context) =>
      operations.jobs.watch(args.job, context),
    );
    if (job.status === 'failed' && job.error !== null) throw errorFromReport(job.error);
    return this.present(flags['show-password'] ? job : withoutSecrets(job), (colors) => jobDetails(job, colors));
  }
}
