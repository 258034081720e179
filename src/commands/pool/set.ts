import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../cli/base-command.ts';
import { runtimeFlags } from '../../cli/flags.ts';
import { poolText } from '../../cli/presenters/pool.ts';
import { poolSizesSchema } from '../../operations/pool-sizes.ts';
import { WpcloneError } from '../../shared/errors.ts';
import { settingProblem } from '../../shared/setting-words.ts';

const whole = (summary: string) => Flags.integer({ helpValue: 'N', min: 0, max: 1000, summary });

export default class PoolSet extends BaseCommand {
  static override summary = 'Say how many instances are kept ready for clones.';
  static override description =
    'It stands until something else is said, before what the settings say (pool.min, pool.max, pool.most, pool.php, pool.recycle). Without an agent, on a cluster or on this machine, units are made or removed once, by this command.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --min 2 --max 5',
    '<%= config.bin %> <%= command.id %> --php 8.2 --php 7.4 --runtime kubernetes',
    '<%= config.bin %> <%= command.id %> --recycle always --runtime kubernetes',
  ];
  static override flags = {
    min: whole('Ready instances of each PHP version, whatever the demand.'),
    max: whole('Ready instances of each PHP version, however high the demand.'),
    most: whole('Instances in all, those that hold clones included, above which none is made ahead.'),
    php: Flags.string({ multiple: true, helpValue: 'VERSION', summary: 'PHP version to keep; may be repeated.' }),
    recycle: Flags.string({
      options: ['always', 'never'],
      summary:
        'Whether an instance whose clone has ended is reset, proven clean and used again (in a cluster, ten times at most), or removed.',
    }),
    ...runtimeFlags,
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(PoolSet);
    const { min, max, most, php, recycle } = flags;
    const given = Object.entries({ min, max, most, php, recycle }).filter(([, value]) => value !== undefined);
    if (given.length === 0)
      throw new WpcloneError('BAD_INPUT', 'Say what is to change: --min, --max, --most, --php or --recycle.');
    const parsed = poolSizesSchema.safeParse(Object.fromEntries(given));
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      const problem = issue === undefined ? 'not understood' : settingProblem(issue);
      throw new WpcloneError('BAD_INPUT', `--${String(issue?.path[0])}: ${problem}.`);
    }
    const pool = await this.operate(flags, [], (operations, context) => operations.pool.set(parsed.data, context));
    return this.present(pool, (colors) => poolText(pool, colors, Date.now()));
  }
}
