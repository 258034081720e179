import { siteProtects } from '../merge/site-protects.ts';
import { protectedOption } from '../merge/never.ts';
import { shortName } from '../merge/classes.ts';
import type { TableDifferences } from '../merge/types.ts';
import type { PlannedFiles } from '../code/plan-files.ts';
import type { PlanPackage, PlanPolicy } from '../plan/schema.ts';
import type { Gathered } from '../rows/gather.ts';
import type { Comparison } from '../rows/differences.ts';
import { packagesNaming } from './belongs.ts';
import { extendedTables, filledMeanwhile, goes, madeTables } from './compared.ts';
import { decideTable, shortOf, type DecidedTable } from './decide.ts';
import { alteredTables, type DefinitionsInput } from './read.ts';

export interface DecidedInput {
  readonly definitions: DefinitionsInput;
  readonly policy: PlanPolicy;
  readonly www: string;
  readonly signal: AbortSignal;
}

export interface WithTables extends Gathered {
  readonly decided: readonly DecidedTable[];
}

type Gather = (work: Comparison) => Promise<Gathered>;

/** Decides which definitions go, and compares all rows as they are with those. `files`: the code that goes; they go with it. */
export async function gatherWithTables(
  work: Comparison,
  files: Promise<PlannedFiles | undefined>,
  input: DecidedInput,
  gather: Gather,
): Promise<WithTables> {
  // Of another site than the one that was cloned nobody knows what was there before.
  const altered = work.kin === 'other' ? [] : await alteredTables(input.definitions);
  if (altered.length === 0) return { ...(await gather(work)), decided: [] };
  const shorts = altered.map((table) => shortOf(table, work.info));
  const planned = await files;
  const packages = planned
    ? await packagesNaming(shorts, planned, input.www, input.signal)
    : new Map<string, PlanPackage>();
  const decided = togetherOrNone(altered.map((table) => decideTable(table, packages, work.info, input.policy)));
  const gathered = await gather({ ...work, extended: extendedTables(decided) });
  const refilled = new Set(filledMeanwhile(decided.filter(goes), gathered.tables).map(({ name }) => name));
  return {
    notes: gathered.notes,
    tables: [...gathered.tables, ...(await madeTables(decided, work))],
    decided: decided.map((table) => ({ ...table, refilled: refilled.has(table.name) })),
  };
}

/** An upgrade that goes in part would be taken for done. */
function togetherOrNone(decided: readonly DecidedTable[]): DecidedTable[] {
  const left = new Map(
    decided.flatMap(({ package: of, fate }) =>
      of && (fate.kept?.code === 'LEFT_TO_CODE' || fate.kept?.code === 'LIVE_TAKEN')
        ? [[of.id, of.title] as const]
        : [],
    ),
  );
  return decided.map((table): DecidedTable => {
    const title = table.package && left.get(table.package.id);
    if (title === undefined || !goes(table)) return table;
    const message = `${title} upgrades all of its tables itself on the live site`;
    return { ...table, fate: { kept: { code: 'LEFT_TO_CODE', message } } };
  });
}

/** Settings in which packages keep the version of their tables. */
export interface VersionSettings {
  /** Those that go, by their name: the package. */
  readonly travel: ReadonlyMap<string, string>;
  /** Those that the package's own upgrade will change on the live site, with what they hold there until then. */
  readonly back: readonly { readonly name: string; readonly package: string; readonly before: string | null }[];
}

const NO_VERSIONS: VersionSettings = { travel: new Map(), back: [] };

/**
 * Version settings go with a package where all goes that it changed of its tables, and nothing is left for its upgrade to do. In all other
 * cases the code upgrades the live site's tables itself, and must find the older version for that.
 */
export async function versionSettings(
  { tables, decided }: WithTables,
  files: PlannedFiles | undefined,
  www: string,
  signal: AbortSignal,
): Promise<VersionSettings> {
  const of = (id: string): DecidedTable[] => decided.filter((table) => table.package?.id === id);
  const whole = new Set(decided.flatMap(({ package: owner }) => (owner && of(owner.id).every(goes) ? [owner.id] : [])));
  if (files === undefined || whole.size === 0) return NO_VERSIONS;
  const changed = changedVersions(tables);
  const named = await packagesNaming([...changed.keys()], files, www, signal);
  const owned = [...named].filter(([, { id }]) => whole.has(id));
  const isDone = (id: string): boolean => !of(id).some(({ refilled }) => refilled);
  return {
    travel: new Map(owned.flatMap(([name, { id }]) => (isDone(id) ? [[name, id] as const] : []))),
    back: owned.flatMap(([name, { id }]) =>
      isDone(id) ? [] : [{ name, package: id, before: changed.get(name) ?? null }],
    ),
  };
}

/** Whoever agrees is to know that an upgrade runs on the live site. */
export const refilledNotes = (decided: readonly DecidedTable[]): string[] =>
  decided.flatMap(({ refilled, short, package: owner }) =>
    refilled === true
      ? [
          `New columns of ${short} were filled in the clone, and the live site has written rows since: ${owner ? `${owner.title} upgrades those itself there` : 'those get what the columns have by default'}.`,
        ]
      : [],
  );

/** What the live site has in settings of that kind which the clone changed. */
function changedVersions(tables: readonly TableDifferences[]): ReadonlyMap<string, string | null> {
  const options = tables.find((table) => shortName(table) === 'options');
  const [at = -1, value = -1] = ['option_name', 'option_value'].map((name) => options?.columns.indexOf(name));
  const prefix = options?.prefix ?? '';
  return new Map(
    (options?.rows ?? []).flatMap(({ live, clone }) => {
      const name = clone?.[at] ?? '';
      const isVersion = /version$/i.test(name) && protectedOption(name, prefix) === 'machine';
      return isVersion && siteProtects('options', name, prefix) === undefined
        ? [[name, live?.[value] ?? null] as const]
        : [];
    }),
  );
}
