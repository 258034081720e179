import { Flags } from '@oclif/core';
import { BaseCommand } from '../cli/base-command.ts';
import { wpcloneHome } from '../cli/config/load.ts';
import { demoText } from '../cli/presenters/demo.ts';
import { parseTtl } from '../cli/ttl.ts';
import { CLONE_STEPS } from '../shared/events.ts';

export default class Demo extends BaseCommand {
  static override summary = 'Make a small WordPress site on this machine and clone it.';
  static override description =
    'Needs the wordpress package of Debian or Ubuntu (wpclone doctor --fix --for demo). Can be run again; each run makes another clone.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --remove'];
  static override flags = {
    remove: Flags.boolean({ default: false, summary: 'Take the source and its clones away again.' }),
    ttl: Flags.string({ default: '2h', helpValue: '30m|2h|7d', summary: 'Time to live of the clone.' }),
  };

  async run(): Promise<object> {
    const { flags } = await this.parse(Demo);
    const home = wpcloneHome(process.env);
    if (flags.remove) return this.remove(flags, home);
    const ttlSeconds = parseTtl(flags.ttl);
    const report = await this.operate({ ...flags, runtime: 'local' }, CLONE_STEPS, async (operations, context) => {
      const { ensureDemoSource } = await import('../operations/demo/source.ts');
      const source = await ensureDemoSource(home, context, (line) => {
        if (!flags.quiet) process.stderr.write(`${line}\n`);
      });
      const request = {
        url: source.url,
        username: source.username,
        password: async () => source.password,
        insecureTls: false,
        ttlSeconds,
        media: 'copy' as const,
        excludeTables: [],
        excludePaths: [],
        keepMail: false,
      };
      return { source, clone: await operations.clone(request, context) };
    });
    const wpclone = process.env['npm_lifecycle_event'] === 'demo' ? 'npx wpclone' : 'wpclone';
    return this.present(report, (colors) => demoText(report, wpclone, colors, Date.now()));
  }

  private async remove(flags: { quiet: boolean; debug: boolean }, home: string): Promise<object> {
    const removed = await this.operate({ ...flags, runtime: 'local' }, [], async (operations, context) => {
      const { findDemoSource, removeDemoSource } = await import('../operations/demo/source.ts');
      const source = await findDemoSource(home);
      const clones = source ? (await operations.list(context)).filter((clone) => clone.source.url === source.url) : [];
      for (const clone of clones) await operations.delete(clone.clone_id, context);
      if (source) {
        // A source that no longer answers takes its plugin with it.
        await operations.disconnect(source.url, { insecureTls: false }, context).catch(() => undefined);
      }
      await removeDemoSource(home, context);
      return { removed: true, clones: clones.map((clone) => clone.clone_id) };
    });
    return this.present(removed, () =>
      ['The demonstration is gone.', ...removed.clones.map((id) => `${id} too.`)].join(' '),
    );
  }
}
