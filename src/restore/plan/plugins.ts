import { printable } from '../../shared/format.ts';
import type { Brought } from '../../transfer/origin/schema.ts';
import { shortName } from '../merge/classes.ts';
import { entriesOf, stringIn } from '../merge/php.ts';
import type { Row, TableDifferences } from '../merge/types.ts';
import { isTaken } from './agreed.ts';
import type { Chosen, Names } from './choose.ts';
import { pluginId } from './file-changes.ts';
import type { Plan, PlanPackage } from './schema.ts';
import type { Occupied } from './upload-renames.ts';

/** Our own plugin comes and goes by itself. */
const OWN = /^wpclone-migrator\//;

/** Of those, what goes: with a plugin that goes itself, or that the live site has; of one that was not asked for nothing does. */
export function switchedPlugins(
  { activate, deactivate }: Plan['plugins'],
  code: readonly PlanPackage[],
  choose: (names: Names) => Chosen,
): Plan['plugins'] {
  const isAsked = (file: string): boolean =>
    choose({ kind: 'plugin', group: 'code', names: [pluginId(file).replace('plugin:', '')] }) !== 'no';
  const isThere = (file: string): boolean => {
    const found = code.find(({ id }) => id === pluginId(file));
    return found === undefined || isTaken(found) || found.change !== 'new';
  };
  return {
    activate: activate.filter((file) => isAsked(file) && isThere(file)),
    deactivate: deactivate.filter(isAsked),
  };
}

/** Of plugins that were switched on in the clone and do not come with it those that the live site has no more; `folder`: the place of all. */
export async function absentPlugins(
  activate: readonly string[],
  code: readonly PlanPackage[],
  { there }: Pick<Occupied, 'there'>,
  folder: string,
): Promise<string[]> {
  const alone = activate.filter((file) => !code.some(({ id }) => id === pluginId(file)));
  const found = await Promise.all(alone.map((file) => there(`${folder}/${file}`)));
  return alone.filter((_, at) => found[at] === undefined);
}

export const absentNotes = (absent: readonly string[]): string[] =>
  absent.map(
    (file) =>
      `${printable(file)} was switched on in the clone; the live site has removed that plugin, so that it stays off there.`,
  );

/**
 * Which plugins would be activated and deactivated: what the clone did, where the live site has not done it too. `brought`: what earlier
 * restores switched there, which is what both have had in common since, where it still is so.
 */
export function pluginsOf(tables: readonly TableDifferences[], brought: Brought['plugins']): Plan['plugins'] {
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
  const [made, live, clone] = [active(versions.base), active(versions.live), active(versions.clone)];
  const left = (name: string, on: boolean): boolean =>
    brought[name]?.includes(on) === true && live.includes(name) === on;
  const base = [...new Set([...made, ...live.filter((name) => left(name, true))])].filter((name) => !left(name, false));
  return {
    activate: clone.filter((name) => !base.includes(name) && !live.includes(name)),
    deactivate: base.filter((name) => !clone.includes(name) && live.includes(name)),
  };
}
