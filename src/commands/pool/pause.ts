import { PoolCommand } from '../../cli/pool-command.ts';

export default class PoolPause extends PoolCommand {
  static override summary = 'Make no more instances ahead, until wpclone pool resume.';
  static override description = 'Those that are ready are still taken by clones.';

  async run(): Promise<object> {
    const { flags } = await this.parse(PoolPause);
    return this.act('pause', flags);
  }
}
