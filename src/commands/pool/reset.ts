import { PoolCommand } from '../../cli/pool-command.ts';

export default class PoolReset extends PoolCommand {
  static override summary = 'Replace every instance that neither holds a clone nor is worked on.';
  static override description = 'New ones are made first where there is room, so that clones find one meanwhile.';

  async run(): Promise<object> {
    const { flags } = await this.parse(PoolReset);
    return this.act('reset', flags);
  }
}
