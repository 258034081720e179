import { agentStatusAnswer } from '../../agent/http/answers.ts';
import { askAgent } from '../../operations/agent-socket.ts';
import { BaseCommand } from '../../cli/base-command.ts';
import { wpcloneHome } from '../../cli/config/load.ts';
import { agentStatusText } from '../../cli/presenters/agent.ts';

export default class AgentStatus extends BaseCommand {
  static override summary = 'Say what the agent of this home is doing.';
  static override description = 'Exits with 5 when none runs, with 1 when it takes no jobs.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  async run(): Promise<object> {
    const { flags } = await this.parse(AgentStatus);
    const status = await this.watched(flags, [], async () =>
      agentStatusAnswer.parse(await askAgent(wpcloneHome(process.env), 'GET', '/api/v2/agent/status')),
    );
    if (!status.ready) process.exitCode = 1;
    return this.present(status, () => agentStatusText(status, Date.now()));
  }
}
