import { dropTableFiles, isMarked, makeTableFiles } from '../../instance/table-files.ts';
import type { WorkContext } from '../../shared/context.ts';
import type { LocalHome } from './home.ts';
import { dropSpares } from './earlier.ts';
import { hasRoom, siteOf } from './instance-site.ts';
import { holds, isLeased } from './lease.ts';

/**
 * Makes files of the tables of clones that are ready, beside whatever their people do; the files of all clones, also of removed ones, go
 * when the disk gets full. For the keeper: the command that made a clone has ended by then. What fails is logged and tried again.
 */
export async function keepTables(
  home: Pick<LocalHome, 'layout' | 'state'>,
  context: Pick<WorkContext, 'signal' | 'log'>,
): Promise<void> {
  const full = !(await hasRoom(home.layout, 0));
  if (full) await dropSpares(home);
  for (const unit of (await home.state.units.list()).filter(holds)) {
    const site = siteOf(home.layout, unit);
    if (full && !(await isLeased(unit))) await dropTableFiles(site.tableFiles);
    if (full || unit.state !== 'READY' || !(await isMarked(site.tableFiles))) continue;
    await makeTableFiles(site, context.signal).catch((error: unknown) => {
      context.signal.throwIfAborted();
      context.log.warn('tables were not kept as files', { unit: unit.name, error: String(error) });
    });
  }
}
