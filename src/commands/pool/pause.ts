import { PoolCommand } from '../../cli/pool-command.ts';

export default class PoolPause extends PoolCommand {
  static override summary = 'Make no more instances ahead, until wpclone pool resume.';
  static override description = 'Those that are ready are still taken by clones.';

  run(): Promise<object> {
    return this.act('pause');
  }
}
