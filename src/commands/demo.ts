import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../cli/base-command.ts';
import { wpcloneHome } from '../cli/config/load.ts';
import { demoText } from '../cli/presenters/demo.ts';
import { parseTtl } from '../cli/ttl.ts';
import { CLONE_STEPS } from '../shared/events.ts';

export default class Demo extends BaseCommand {
  static override summary = 'Make a small WordPress site on this machine and clone it.';
  static override description =
    'Needs the wordpress package of Debian or Ubuntu (wpclone doctor --fix --for demo installs it). Every run makes another clone of the same site.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --remove'];
  static override flags = {
    remove: Flags.boolean({ default: false, summary: 'Remove the demonstration site and its clones.' }),
    ttl: Flags.string({ default: '2h', helpValue: '30m|2h|7d', summary: 'Time to live of the clone.' }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(Demo);
    const home = wpcloneHome(process.env);
    if (flags.remove) return this.remove(flags, home);
    const ttlSeconds = parseTtl(flags.ttl);
    const report = await this.operateTidily(
      { ...flags, runtime: 'local', direct: true },
      CLONE_STEPS,
      async (operations, context) => {
        const { makeDemo } = await import('../operations/demo/demo.ts');
        return makeDemo(home, ttlSeconds, operations, context, (line) => {
          if (!flags.quiet) process.stderr.write(`${line}\n`);
        });
      },
    );
    const wpclone = process.env['npm_lifecycle_event'] === 'demo' ? 'npx wpclone' : 'wpclone';
    return this.present(report, (colors) => demoText(report, wpclone, colors, Date.now()));
  }

  private async remove(flags: { quiet: boolean; debug: boolean }, home: string): Promise<object> {
    const clones = await this.operateTidily(
      { ...flags, runtime: 'local', direct: true },
      [],
      async (operations, context) => {
        const { removeDemo } = await import('../operations/demo/demo.ts');
        return removeDemo(home, operations, context);
      },
    );
    return this.present({ removed: true, clones }, () =>
      ['The demonstration is gone.', ...clones.map((id) => `${id} too.`)].join(' '),
    );
  }
}
