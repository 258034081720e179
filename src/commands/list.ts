import { BaseCommand } from '../cli/base-command.ts';
import { runtimeFlags } from '../cli/flags.ts';
import { lineWidth } from '../cli/presenters/fit.ts';
import { cloneTable } from '../cli/presenters/text.ts';

export default class List extends BaseCommand {
  static override summary = 'List the clones.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
    '<%= config.bin %> <%= command.id %> --runtime kubernetes --namespace wordpress-staging',
  ];
  static override flags = runtimeFlags;

  async run(): Promise<object> {
    const { flags } = await this.parse(List);
    const clones = await this.operateTidily(flags, [], (operations, context) => operations.list(context));
    return this.present({ clones }, (colors) => cloneTable(clones, colors, Date.now(), lineWidth()));
  }
}
