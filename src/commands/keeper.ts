import { BaseCommand } from '../cli/base-command.ts';
import { parseSize } from '../cli/size.ts';
import { wpcloneHome } from '../cli/config/load.ts';

/** Started by the local runtime, detached; people have no use for it. */
export default class Keeper extends BaseCommand {
  static override hidden = true;
  static override summary = 'Remove local clones at their end, until none is left.';

  async run(): Promise<object> {
    const { flags } = await this.parse(Keeper);
    const { WPCLONE_SOURCES_LIMIT: limit, WPCLONE_KEEP_ROWS: rows } = process.env;
    const sourcesLimit = parseSize(limit ?? '');
    const settings = {
      home: wpcloneHome(process.env),
      environment: process.env,
      ...(sourcesLimit === undefined ? {} : { sourcesLimit }),
      // Another command may have another setting: nothing that is kept is removed for that.
      ...(rows === 'a-day' ? { keepRows: true } : {}),
    };
    await this.watched(flags, [], async (context) => {
      const { keepLocalClones } = await import('../operations/keeper.ts');
      await keepLocalClones(settings, context);
    });
    return {};
  }
}
