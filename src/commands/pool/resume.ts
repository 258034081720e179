import { PoolCommand } from '../../cli/pool-command.ts';

export default class PoolResume extends PoolCommand {
  static override summary = 'Keep instances ready again, after pause or drain.';

  run(): Promise<object> {
    return this.act('resume');
  }
}
