import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { runtimeFlags } from '../../cli/flags.ts';
import { poolText } from '../../cli/presenters/pool.ts';
import { WpcloneError } from '../../shared/errors.ts';

export default class PoolStatus extends BaseCommand {
  static override summary = 'Show the instances that are kept ready for clones, and why there are as many.';
  static override description =
    'Asks the agent that runs in your home, or the one that --agent names; without one it looks at the runtime itself.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --watch',
    '<%= config.bin %> <%= command.id %> --runtime kubernetes --namespace wordpress-staging --json',
  ];
  static override flags = {
    watch: Flags.boolean({
      default: false,
      summary: 'Show it on the whole terminal, as it changes; keys pause, resume, reset and drain it, and show logs.',
    }),
    ...runtimeFlags,
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(PoolStatus);
    if (flags.watch) return this.watch(flags);
    const pool = await this.operate(flags, [], (operations, context) => operations.pool.status(context));
    return this.present(pool, (colors) => poolText(pool, colors, Date.now()));
  }
  private async watch(flags: Parameters<typeof this.operate>[0]): Promise<object> {
    if (this.jsonEnabled() || !process.stdout.isTTY || !process.stdin.isTTY)
      throw new WpcloneError('BAD_INPUT', '--watch needs a terminal, and prints no JSON.');
    await this.operate(flags, [], async (operations, context) => {
      const { watchPool } = await import('../../cli/pool-watch/watch.ts');
      await watchPool(operations.pool, this.colors(process.stdout), context);
      if (context.signal.aborted) this.endedBySignal();
    });
    return {};
  }
}
