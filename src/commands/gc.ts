import { BaseCommand } from '../cli/base-command.ts';
import { runtimeFlags } from '../cli/flags.ts';

export default class CollectGarbage extends BaseCommand {
  static override summary = 'Remove expired clones, and what crashed commands left behind.';
  static override description =
    'Every command that works with clones does this first. Run it from a scheduler where nobody else may run a command for a while.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --runtime kubernetes --namespace wordpress-staging --json',
  ];
  static override flags = runtimeFlags;

  async run(): Promise<object> {
    const { flags } = await this.parse(CollectGarbage);
    const removed = await this.operate(flags, [], (operations, context) => operations.collectGarbage(context));
    return this.present({ removed }, () =>
      removed.length === 0 ? 'Nothing to remove.' : removed.map((id) => `removed ${id}`).join('\n'),
    );
  }
}
