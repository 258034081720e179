import type { SiteInfo } from '../../site/info.ts';
import { protectedTable } from '../merge/never.ts';
import { isTaken } from '../plan/agreed.ts';
import { compileChoice } from '../plan/choose.ts';
import type { PlanItem, PlanPackage, PlanPolicy } from '../plan/schema.ts';
import type { AlteredTable } from './read.ts';

/** What becomes of the definition of a table. */
export interface DecidedTable extends AlteredTable {
  /** Without the prefix. */
  readonly short: string;
  /** What it belongs to, where that is known. */
  readonly package?: PlanPackage | undefined;
  /** With neither, it goes. */
  readonly fate: Pick<PlanItem, 'conflict' | 'kept'>;
  /** The clone filled its new columns in rows that were there, and the live site wrote rows since. */
  readonly refilled?: boolean;
}

type Fate = DecidedTable['fate'];

/** WordPress's own: with another WordPress it upgrades them itself. */
const CORE =
  /^(posts|postmeta|options|users|usermeta|terms|termmeta|term_taxonomy|term_relationships|comments|commentmeta|links)$/;

/** Bytes of a table that has to be written anew to get a column, during which nobody else can write to it. */
const MOST_COPIED = 32 << 20;

const kept = (code: NonNullable<Fate['kept']>['code'], message: string): Fate => ({ kept: { code, message } });

/** Whether a definition goes. `packages`: by the table's name without the prefix. */
export function decideTable(
  table: AlteredTable,
  packages: ReadonlyMap<string, PlanPackage>,
  info: Pick<SiteInfo, 'tablePrefix' | 'writes'>,
  policy: PlanPolicy,
): DecidedTable {
  const short = shortOf(table, info);
  const owner = packages.get(short);
  return { ...table, short, ...(owner && { package: owner }), fate: fateOf(table, short, owner, info, policy) };
}

/** Its name without the prefix of the site. */
export const shortOf = (
  { name }: Pick<AlteredTable, 'name'>,
  { tablePrefix }: Pick<SiteInfo, 'tablePrefix'>,
): string => (name.startsWith(tablePrefix) ? name.slice(tablePrefix.length) : name);

function fateOf(
  table: AlteredTable,
  short: string,
  owner: PlanPackage | undefined,
  { writes }: Pick<SiteInfo, 'writes'>,
  policy: PlanPolicy,
): Fate {
  const protection = protectedTable(short);
  if (protection !== undefined && (protection === 'own' || !policy.include.includes(protection)))
    return {
      kept: { code: 'PROTECTED', class: protection, message: `never travels unless named: --include ${protection}` },
    };
  if (CORE.test(short)) return kept('NOT_WRITABLE', 'a table of WordPress’s own, which only WordPress upgrades');
  const names = { kind: 'table', group: 'tables', names: [short] };
  const goesAlong = owner !== undefined && isTaken(owner) && compileChoice([], policy.skip)(names) !== 'no';
  if (!goesAlong && compileChoice(policy.only, policy.skip)(names) === 'no') return kept('NOT_CHOSEN', 'not asked for');
  if (owner !== undefined && !isTaken(owner)) return kept('NOT_CHOSEN', `goes only with ${owner.title}, which stays`);
  if (isAsWanted(table) && !table.beyond && table.trouble === undefined)
    return table.drops ? kept('DELETION', 'dropped here; stays on the live site') : {};
  if ((table.beyond || isTooLarge(table)) && owner !== undefined)
    return kept('LEFT_TO_CODE', `${owner.title} alters it itself on the live site (${table.what.join(', ')})`);
  const why = troubleOf(table, writes);
  return why === undefined ? {} : refusedOr(why, `table:${short}`, policy);
}

/** Whether the live site has all that the clone made of it. */
export const isAsWanted = ({ columns, keys, wider, collated }: AlteredTable): boolean =>
  columns.length + keys.length + wider.length === 0 && collated === null;

/** It would have to be written anew, for longer than a site can be held. */
const isTooLarge = ({ live, wider }: AlteredTable): boolean =>
  (live?.dataBytes ?? 0) > MOST_COPIED && wider.some(({ copies }) => copies);

function troubleOf(table: AlteredTable, writes: SiteInfo['writes']): string | undefined {
  if (table.beyond) return `only its plugin knows how rows become those of its new form (${table.what.join(', ')})`;
  if (table.trouble !== undefined) return table.trouble;
  if (writes?.tables !== true) return 'wpclone’s plugin on the live site is too old to alter tables';
  if (isTooLarge(table)) return 'it is large, and nobody could write to it while its columns are widened';
  const live = table.live;
  return live !== undefined && !/^innodb$/i.test(live.engine) && live.dataBytes > MOST_COPIED
    ? `nobody could write to it while it is altered: it is large, and of the engine ${live.engine}`
    : undefined;
}

/** A conflict, unless it was decided that the live site's stays. */
function refusedOr(message: string, id: string, policy: PlanPolicy): Fate {
  const side = policy.decisions[id] ?? policy.take;
  return side === 'live'
    ? kept('LIVE_TAKEN', `stays as the live site has it: ${message}`)
    : { conflict: { code: 'TABLE_ALTERED', message, take: null } };
}
