import { argument } from '../cli/argument.ts';
import { BaseCommand } from '../cli/base-command.ts';
import { cloneArgument, runtimeFlags } from '../cli/flags.ts';
import { remaining } from '../shared/format.ts';
import { parseTtl } from '../cli/ttl.ts';

export default class Extend extends BaseCommand {
  static override summary = 'Change when a clone ends, counted from now.';
  static override examples = ['<%= config.bin %> <%= command.id %> mysite-k3f 2h'];
  static override args = {
    name: cloneArgument,
    ttl: argument({ required: true, description: 'How long from now: 30m, 2h, 7d.' }),
  };
  static override flags = runtimeFlags;

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Extend);
    const seconds = parseTtl(args.ttl);
    const clone = await this.operateTidily(flags, [], (operations, context) =>
      operations.extend(args.name, seconds, context),
    );
    return this.present(
      clone,
      (colors) => `${colors.bold(clone.clone_id)} ends in ${remaining(Date.parse(clone.expires_at), Date.now())}`,
    );
  }
}
