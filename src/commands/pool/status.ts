import { BaseCommand } from '../../cli/base-command.ts';
import { runtimeFlags } from '../../cli/flags.ts';
import { poolText } from '../../cli/presenters/pool.ts';

export default class PoolStatus extends BaseCommand {
  static override summary = 'Show the instances that are kept ready for clones, and why there are as many.';
  static override description =
    'Asks the agent that runs in your home, or the one that --agent names; without one it looks at the runtime itself.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --runtime kubernetes --namespace wordpress-staging --json',
  ];
  static override flags = runtimeFlags;

  async run(): Promise<object> {
    const { flags } = await this.parse(PoolStatus);
    const pool = await this.operate(flags, [], (operations, context) => operations.pool.status(context));
    return this.present(pool, (colors) => poolText(pool, colors, Date.now()));
  }
}
