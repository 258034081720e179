import { RestoreCommand } from '../../cli/restore-command.ts';
import { restoreTable } from '../../cli/presenters/restores.ts';

export default class RestoreList extends RestoreCommand {
  static override summary = 'List what was brought from clones to live sites from this machine.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  async run(): Promise<object> {
    const { flags } = await this.parse(RestoreList);
    const restores = await this.withRestores(flags, [], (operations, context) => operations.list(context));
    return this.present({ restores }, (colors) => restoreTable(restores, colors));
  }
}
