import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { jobsFlags } from '../../cli/flags.ts';
import { lineWidth } from '../../cli/presenters/fit.ts';
import { jobTable } from '../../cli/presenters/jobs.ts';

export default class Jobs extends BaseCommand {
  static override summary = 'List the jobs of an agent, newest first.';
  static override description = 'Of the agent that runs in your home, or of the one that --agent names.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --status running --json',
    '<%= config.bin %> <%= command.id %> --agent https://clones.example --agent-token-file token.txt',
  ];
  static override flags = {
    status: Flags.string({
      options: ['pending', 'running', 'completed', 'failed'],
      summary: 'Only those that wait, run, ended well or failed.',
    }),
    limit: Flags.integer({ default: 20, min: 1, max: 500, summary: 'How many at most.' }),
    ...jobsFlags,
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(Jobs);
    const filter = { limit: flags.limit, ...(flags.status === undefined ? {} : { status: flags.status }) };
    const jobs = await this.operateThroughAgent(flags, [], (operations, context) =>
      operations.jobs.list(filter, context),
    );
    return this.present({ jobs }, (colors) => jobTable(jobs, colors, lineWidth()));
  }
}
