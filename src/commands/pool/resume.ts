import { PoolCommand } from '../../cli/pool-command.ts';

export default class PoolResume extends PoolCommand {
  static override summary = 'Keep instances ready again, after pause or drain.';

  async run(): Promise<object> {
    const { flags } = await this.parse(PoolResume);
    return this.act('resume', flags);
  }
}
