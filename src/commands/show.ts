import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { cloneArgument, runtimeFlags } from '../cli/flags.ts';
import { cloneDetails } from '../cli/presenters/text.ts';

export default class Show extends BaseCommand {
  static override summary = 'Show one clone.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> mysite-k3f',
    '<%= config.bin %> <%= command.id %> mysite-k3f --show-password --json',
  ];
  static override args = { name: cloneArgument };
  static override flags = {
    'show-password': Flags.boolean({ default: false, summary: "Show the password of the clone's own administrator." }),
    ...runtimeFlags,
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Show);
    const clone = await this.operateTidily(flags, [], (operations, context) =>
      operations.show(args.name, { password: flags['show-password'] }, context),
    );
    return this.present(clone, (colors) => cloneDetails(clone, colors, Date.now()));
  }
}
