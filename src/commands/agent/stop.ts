import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { askAgent } from '../../operations/agent-socket.ts';
import { BaseCommand } from '../../cli/base-command.ts';
import { wpcloneHome } from '../../cli/config/load.ts';
import { AGENT_FILE } from '../../shared/agent-files.ts';
import { WpcloneError } from '../../shared/errors.ts';

/** Milliseconds between two looks whether it has ended. */
const LOOK = 200;
/** Its file goes last; one that stays behind, where nobody answers any more, is of an agent that died. */
const QUIET_LOOKS = 50;

export default class AgentStop extends BaseCommand {
  static override summary = 'Stop the agent of this home, and wait until it has ended.';
  static override description =
    'Running jobs get a minute to end; those that take longer are given back, and the next agent goes on with them. Clones stay.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  async run(): Promise<object> {
    const { flags } = await this.parse(AgentStop);
    const home = wpcloneHome(process.env);
    await this.watched(flags, [], async ({ sleep, signal }) => {
      await askAgent(home, 'POST', '/api/v2/agent/stop');
      for (let quiet = 0; quiet < QUIET_LOOKS && existsSync(join(home, AGENT_FILE)); await sleep(LOOK, signal))
        quiet = (await isThere(home)) ? 0 : quiet + 1;
    });
    return this.present({ stopped: true }, () => 'The agent has ended.');
  }
}

async function isThere(home: string): Promise<boolean> {
  try {
    await askAgent(home, 'GET', '/livez');
    return true;
  } catch (error) {
    if (error instanceof WpcloneError && error.code === 'NO_AGENT') return false;
    throw error;
  }
}
