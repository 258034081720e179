import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { cloneArgument, runtimeFlags } from '../cli/flags.ts';
import { printable } from '../shared/format.ts';

export default class Logs extends BaseCommand {
  static override summary = 'Print the logs of a clone: web server, PHP, database.';
  static override examples = ['<%= config.bin %> <%= command.id %> mysite-k3f --follow'];
  static override args = { name: cloneArgument };
  static override flags = {
    follow: Flags.boolean({
      default: false,
      char: 'f',
      exclusive: ['json'],
      summary: 'Keep printing new lines until Ctrl-C.',
    }),
    ...runtimeFlags,
  };

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Logs);
    const lines: string[] = [];
    await this.operate(flags, [], async (operations, context) => {
      try {
        for await (const line of operations.logs(args.name, { follow: flags.follow }, context)) {
          if (this.jsonEnabled()) lines.push(line);
          // Whoever read the lines may have seen enough (`| head`).
          else if (process.stdout.writable) process.stdout.write(`${printable(line, true)}\n`);
          else break;
        }
      } catch (error) {
        if (!flags.follow || !context.signal.aborted) throw error;
        this.endedBySignal();
      }
    });
    return { lines };
  }
}
