import { shortName } from '../merge/classes.ts';
import { entriesOf, stringIn } from '../merge/php.ts';
import type { Row, TableDifferences } from '../merge/types.ts';
import type { Plan } from './schema.ts';

/** Our own plugin comes and goes by itself. */
const OWN = /^wpclone-migrator\//;

/** Which plugins would be activated and deactivated: what the clone did, where the live site has not done it too. */
export function pluginsOf(tables: readonly TableDifferences[]): Plan['plugins'] {
  const options = tables.find((table) => shortName(table) === 'options');
  const at = options?.columns.indexOf('option_name') ?? -1;
  const value = options?.columns.indexOf('option_value') ?? -1;
  const versions = options?.rows.find(({ base, clone }) => (clone ?? base)?.[at] === 'active_plugins');
  if (versions === undefined) return { activate: [], deactivate: [] };
  const active = (row: Row | undefined): string[] =>
    (entriesOf(row?.[value] ?? '') ?? []).flatMap((entry) => {
      const name = stringIn(entry.value);
      return name === undefined || OWN.test(name) ? [] : [name];
    });
  const [base, live, clone] = [active(versions.base), active(versions.live), active(versions.clone)];
  return {
    activate: clone.filter((name) => !base.includes(name) && !live.includes(name)),
    deactivate: base.filter((name) => !clone.includes(name) && live.includes(name)),
  };
}
