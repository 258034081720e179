import { BaseCommand } from '../../cli/base-command.ts';
import { sourceCredentials, takePasswords } from '../../cli/credentials.ts';
import { jobsFlags, jobArgument, sourceFlags } from '../../cli/flags.ts';
import { acceptedLine } from '../../cli/presenters/jobs.ts';

const { insecure: _insecure, 'login-url': _loginUrl, ...loginFlags } = sourceFlags;

export default class JobsRetry extends BaseCommand {
  static override summary = 'Do a failed job of an agent again, as a new job.';
  static override description =
    'An agent forgets passwords when a job ends: give them again where the site needs a log-in.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> job-8f2k',
    'pass show mysite | <%= config.bin %> <%= command.id %> job-8f2k --password-file - --json',
  ];
  static override args = { job: jobArgument };
  static override flags = { ...loginFlags, ...jobsFlags };

  async run(): Promise<object> {
    const taken = takePasswords(process.env);
    const { args, flags } = await this.parse(JobsRetry);
    const { username } = flags;
    const job = await this.operateThroughAgent(flags, [], async (operations, context, view) => {
      const credentials = await sourceCredentials(flags, username, taken, view, context.signal);
      const login = { insecureTls: false, ...(username === undefined ? {} : { username }) };
      return operations.jobs.retry(args.job, login, credentials, context);
    });
    return this.present(job, (colors) => acceptedLine(job, colors));
  }
}
