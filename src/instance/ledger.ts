import type { SiteInfo } from '../site/info.ts';
import type { Ledger } from '../transfer/origin/schema.ts';
import { droppedSessions } from './administrator.ts';
import { loadOwnRows, type OwnRow } from './own-rows.ts';
import { joinPlaces } from '../transfer/files/places.ts';
import { placesOf } from './places.ts';
import type { InstancePaths } from './types.ts';

/** All that configuring did to the copy, for whoever looks for a person's changes later. `moved` is what `setAside` returned. */
export async function describeDoings(
  paths: InstancePaths,
  info: SiteInfo,
  moved: readonly string[],
): Promise<Omit<Ledger, 'version'>> {
  const { core, home, content, muPlugins } = placesOf(info);
  const rows = await loadOwnRows(paths);
  return {
    addedRows: rows.map((row) => ({ table: row.table, key: keyOf(row) })),
    droppedRows: [droppedSessions(info)],
    writtenFiles: [
      joinPlaces(core, 'wp-config.php'),
      joinPlaces(muPlugins, 'wpclone-instance.php'),
      ...(home === core ? [] : [joinPlaces(home, 'index.php')]),
    ],
    setAside: moved.map((path) =>
      path.startsWith('mu-plugins/')
        ? joinPlaces(muPlugins, path.slice('mu-plugins/'.length))
        : joinPlaces(content, path),
    ),
    removedFiles: [joinPlaces(core, '.maintenance')],
  };
}

/** Its number; never a value, since some are secrets. */
function keyOf({ values }: OwnRow): Record<string, string | number> {
  const column = 'umeta_id' in values ? 'umeta_id' : 'ID';
  const value = values[column];
  return value === undefined ? {} : { [column]: value };
}
