import * as Flags from '@oclif/core/flags';
import type { AgentFlagValues } from '../cli/agent.ts';
import { BaseCommand } from '../cli/base-command.ts';
import { jobsFlags } from '../cli/flags.ts';
import { wpcloneHome } from '../cli/config/load.ts';
import { keptOfSources } from '../cli/kept-sources.ts';
import { doctorText } from '../cli/presenters/doctor.ts';
import type { Machine } from '../operations/doctor/machine.ts';
import type { WorkContext } from '../shared/context.ts';

export default class Doctor extends BaseCommand {
  static override summary = 'Check what this machine needs for local clones, and install it.';
  static override description =
    'Exits with 1 when something required is missing. --fix installs it with apt when run as root on Debian or Ubuntu; elsewhere it prints the commands to run.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    'sudo <%= config.bin %> <%= command.id %> --fix',
    '<%= config.bin %> <%= command.id %> --for demo --json',
  ];
  static override flags = {
    agent: jobsFlags.agent,
    'agent-token-file': jobsFlags['agent-token-file'],
    'insecure-agent': jobsFlags['insecure-agent'],
    fix: Flags.boolean({ default: false, summary: 'Install what is missing, or print the commands that would.' }),
    for: Flags.string({
      options: ['clone', 'demo'],
      default: 'clone',
      summary: 'What the machine should be ready for.',
    }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(Doctor);
    const report = await this.watched(flags, [], async (context) => {
      const { runDoctor } = await import('../operations/doctor/doctor.ts');
      const agent = this.askedAgent(flags, context);
      const { sourcesLimit } = keptOfSources(this.settings());
      const limit = sourcesLimit === undefined ? {} : { sourcesLimit };
      const machine = {
        home: wpcloneHome(process.env),
        environment: process.env,
        ...limit,
        ...agent,
        signal: context.signal,
      };
      return runDoctor(machine, { purpose: flags.for === 'demo' ? 'demo' : 'clone', install: flags.fix });
    });
    if (!report.ok) process.exitCode = 1;
    return this.present(report, (colors) => doctorText(report, colors));
  }

  private askedAgent(flags: AgentFlagValues, context: WorkContext): Pick<Machine, 'agent'> {
    const named = this.namedAgent(flags);
    if (named === undefined) return {};
    const ask = async () => {
      const { askNamedAgent } = await import('../operations/remote/open.ts');
      const { token, insecure = false } = named.choose() ?? {};
      return askNamedAgent(named.url, { token, insecure }, context);
    };
    return { agent: { url: named.url, ask } };
  }
}
