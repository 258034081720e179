import { BaseCommand } from '../cli/base-command.ts';
import { runtimeFlags } from '../cli/flags.ts';
import { garbageText } from '../cli/presenters/garbage.ts';
import { tellOfRemoved } from '../cli/tidy.ts';
import { WpcloneError } from '../shared/errors.ts';

export default class CollectGarbage extends BaseCommand {
  static override summary = 'Remove expired clones, and what crashed commands left behind.';
  static override description =
    'Every command that works with clones does this first. It also keeps what is kept of sources for their next clones within its limit (sources-limit). Run it from a scheduler where nobody else may run a command for a while.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --runtime kubernetes --namespace wordpress-staging --json',
  ];
  static override flags = runtimeFlags;

  async run(): Promise<object> {
    const { flags } = await this.parse(CollectGarbage);
    const report = await this.operate(flags, [], async (operations, context) => {
      const done = await operations.collectGarbage(context);
      const [first] = done.failed;
      if (first === undefined) return done;
      // A scheduler must see that it failed; what was removed is gone all the same.
      tellOfRemoved(done.removed, context);
      const message = done.failed.map((each) => `${each.clone_id} could not be removed: ${each.message}`).join('\n');
      throw new WpcloneError(first.code, message, { details: first.details });
    });
    const { failed: _none, ...result } = report;
    return this.present(result, () => garbageText(report));
  }
}
