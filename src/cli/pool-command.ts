import type { PoolAction, PoolReport } from '../operations/pool.ts';
import type { AgentFlagValues } from './agent.ts';
import { BaseCommand } from './base-command.ts';
import { runtimeFlags } from './flags.ts';
import { poolText } from './presenters/pool.ts';

/** A command that does one thing to the whole pool. */
export abstract class PoolCommand extends BaseCommand {
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --runtime kubernetes --namespace wordpress-staging --json',
  ];
  static override flags = runtimeFlags;

  protected async act(action: PoolAction, flags: AgentFlagValues): Promise<PoolReport> {
    const pool = await this.operate(flags, [], (operations, context) => operations.pool.act(action, context));
    return this.present(pool, (colors) => poolText(pool, colors, Date.now()));
  }
}
