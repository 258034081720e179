import { PoolCommand } from '../../cli/pool-command.ts';

export default class PoolDrain extends PoolCommand {
  static override summary =
    'Remove every instance that holds no clone, and make no more ahead, until wpclone pool resume.';
  static override description = 'Clones stay, and further clones have their instances made for them.';

  async run(): Promise<object> {
    const { flags } = await this.parse(PoolDrain);
    return this.act('drain', flags);
  }
}
