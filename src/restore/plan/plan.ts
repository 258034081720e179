import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { allOrNothing } from '../../shared/all-or-nothing.ts';
import type { SiteClient } from '../../site/client-types.ts';
import type { SiteInfo } from '../../site/info.ts';
import { databaseFolder } from '../../transfer/baseline/database.ts';
import { NOTHING_BROUGHT, readBrought } from '../../transfer/origin/brought.ts';
import { readNoise } from '../../transfer/origin/ledger.ts';
import type { Brought } from '../../transfer/origin/schema.ts';
import type { UrlMapping } from '../../transfer/rewrite/types.ts';
import { REWRITER_VERSION } from '../../transfer/rewrite/version.ts';
import type { TransferSite } from '../../transfer/types.ts';
import { cellOfText, textOfCell } from '../cell-text.ts';
import type { Kin } from '../kin.ts';
import { withAlikeRows } from '../merge/alike.ts';
import { broughtBy, sinceBrought } from '../merge/brought.ts';
import { directoryOf } from '../merge/directory.ts';
import type { Policy } from '../merge/outcome.ts';
import type { RestoreChanges } from '../changes.ts';
import { gatherDifferences, type Gathered } from '../rows/gather.ts';
import type { People } from '../rows/people.ts';
import type { Room } from '../rows/room.ts';
import { givenNumbers, renumber } from '../numbers/renumber.ts';
import { formerNames, numberNotes, unsureNumbers } from '../numbers/told.ts';
import { planFiles, type PlannedFiles } from '../code/plan-files.ts';
import type { FilesInput } from '../code/types.ts';
import type { CodePlaces } from '../code/packages.ts';
import { extendedTables } from '../schema/compared.ts';
import { gatherWithTables, refilledNotes, versionSettings, type VersionSettings } from '../schema/decided.ts';
import { againstFileless, againstOwners, knownOwners, uploadOwners, withOwners } from './attachments.ts';
import { withCode, withFiles } from './file-changes.ts';
import { createWayBack } from './way-back.ts';
import { type WatchedChoice, watchChoice } from './choose.ts';
import { comparingSite, type SiteComparison } from './compare-site.ts';
import { groupOf, slugOf } from './describe.ts';
import { leftBehindNotes } from './left-behind.ts';
import { meanwhileOf, planItems, titlesByKey } from './items.ts';
import { noiseOf } from './noise.ts';
import {
  comparisonNotes,
  damagedNotes,
  heldNotes,
  hindranceNotes,
  roomNotes,
  triggerNotes,
  unmatchedNotes,
} from './notes.ts';
import { absentNotes, absentPlugins, pluginsOf, switchedPlugins } from './plugins.ts';
import type { FoundUpload, Plan, PlanPolicy } from './schema.ts';
import { renamedTables, renamedUploads, renamesOf } from './upload-renames.ts';
import { withTableChanges, withTableItems } from './table-items.ts';
import { writeItems } from './write-items.ts';

export interface RestoreInput {
  readonly site: TransferSite;
  readonly client: SiteClient;
  /** What the live site says of itself now. */
  readonly info: SiteInfo;
  readonly clone: { readonly id: string; readonly url: string };
  /** What the live site is to the clone. */
  readonly kin: Kin;
  /** How much of rows may differ. */
  readonly room: Room;
  /** The clone's addresses, for one that does not remember them, or those of another site. */
  readonly mapping: UrlMapping;
  readonly people: People;
  /** Where parts of the site lie below the document root. */
  readonly places: CodePlaces;
  readonly policy: PlanPolicy;
  /** What must not be left of the clone in what is written, such as its folder. */
  readonly traces: readonly string[];
  /** The version of this program. */
  readonly version: string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly progress: (tables: number) => void;
  readonly signal: AbortSignal;
}

export interface PlannedRestore {
  readonly plan: Plan;
  readonly changes: RestoreChanges;
  readonly brought: Omit<Brought, 'version'>;
}

/**
 * Says what of a clone goes back to the live site, and nothing else. Only reads. `changes` are rows and files in the live site's own form; the
 * plan holds digests of them. `brought` is what both sides have in common once they are written. Throws SOURCE_CHANGED when the live site
 * changes faster than it can be read, TOO_MUCH_DIFFERS.
 */
export async function planRestore(input: RestoreInput): Promise<PlannedRestore> {
  return comparingSite(input, async (work) => {
    const earlier = input.kin === 'other' ? NOTHING_BROUGHT : await readBrought(input.site.paths.baseline);
    const choice = watchChoice(input.policy);
    const { choose } = choice;
    const wayBack = createWayBack(work.mapping, input.traces);
    const [files, differences] = await allOrNothing(work.signal, (signal) => {
      const planned = planFiles({ ...input, ...input.site.paths, brought: earlier.files, choose, wayBack, signal });
      return [planned, gatherAll({ ...work, signal }, planned, input)];
    });
    const { decided } = differences;
    const versions = await versionSettings(differences, files, input.site.paths.www, work.signal);
    const tables = withAlikeRows(sinceBrought(differences.tables, earlier.parts));
    const renumbered = renumber(tables, input.info, { raws: work.raws, hosts: hostsOf(work) });
    const formerName = formerNames(renumbered);
    const numbered = { ...differences, tables: renumbered.tables };
    const { gathered, found } = await renamedDifferences(numbered, files, { ...input, choose, formerName }, work);
    const known = await knownOwners(found, input.info.tablePrefix, work.database);
    const ownerOf = uploadOwners(gathered.tables, known);
    const against = files ? againstOwners(found, ownerOf) : againstFileless(gathered.tables);
    const wanted = await policyFor(input, gathered, choose, formerName, versions);
    const unsure = unsureNumbers(renumbered, wanted);
    const policy = { ...wanted, against: new Map([...unsure.against, ...against]) };
    const { merged, changes: rows } = await writeItems(
      gathered.tables,
      policy,
      { ...work, extended: extendedTables(decided) },
      input.traces,
    );
    const items = withTableItems(planItems(merged, rows, gathered.tables, formerName), decided);
    const uploads = withOwners(found, ownerOf, merged.items);
    const code = files?.code ?? [];
    const switched =
      files && input.info.writes?.code
        ? switchedPlugins(pluginsOf(gathered.tables, earlier.plugins), code, choose)
        : NO_PLUGINS;
    const absent = files ? await absentPlugins(switched.activate, code, files.occupied, input.places.plugins) : [];
    const plugins = { ...switched, activate: switched.activate.filter((file) => !absent.includes(file)) };
    const parts = { items, code, uploads, plugins };
    const contents = files?.contents ?? new Map<string, Buffer>();
    const withUploads = withFiles(rows, uploads, ownerOf, contents);
    const withAll = withCode(withUploads, parts, files?.relied ?? new Map(), input.places, contents);
    const changes = withTableChanges(withAll, items, decided, versions);
    const baseline = await baselineDigest(input.site.paths.baseline);
    const relied = {
      version: 1,
      kin: input.kin,
      baseline,
      policy: input.policy,
      ...parts,
      changes: rows,
      rewriter: REWRITER_VERSION,
    };
    const directory = directoryOf(gathered.tables);
    const titleOf = titlesByKey(directory);
    const all = [...parts.items, ...parts.code, ...parts.uploads];
    const plan: Plan = {
      kind: 'wpclone-restore-plan',
      version: 1,
      wpclone: input.version,
      clone: { ...input.clone, made_at: madeAt(work) },
      live: { url: input.info.home },
      ...(input.kin === 'other' && { two_sided: true as const }),
      planned_at: new Date(input.now()).toISOString(),
      baseline,
      policy: input.policy,
      token: sha256(JSON.stringify(relied)),
      ...parts,
      tables: [...gathered.notes],
      meanwhile: meanwhileOf(merged),
      conflicts: all.filter(({ conflict }) => conflict).length,
      changes: all.filter(({ conflict, kept }) => !conflict && !kept).length + switches(plugins),
      notes: [
        ...comparisonNotes(work, input),
        ...damagedNotes(earlier),
        ...hindranceNotes(input.info),
        ...numberNotes(merged.items, formerName, unsure, titleOf),
        ...leftBehindNotes({ items: merged.items, uploads, ownerOf, directory, hosts: hostsOf(work), titleOf }),
        ...refilledNotes(decided),
        ...triggerNotes(changes, input.info),
        ...heldNotes(changes),
        ...roomNotes(changes, input.info),
        ...absentNotes(absent),
        ...unmatchedNotes(choice, [...items, ...inGroup(code, 'code'), ...inGroup(uploads, 'media')]),
      ],
    };
    const given = givenNumbers(renumbered);
    const written = changes.files.filter(({ before, after }) => before !== after);
    const left = Object.fromEntries(written.map(({ place, after }) => [place, [after]]));
    const onOff = Object.fromEntries(changes.plugins.map(({ file, active }) => [file, [active]]));
    return { plan, changes, brought: { parts: broughtBy(merged.items, given), files: left, plugins: onOff } };
  });
}

/** All differences of rows, once it is decided which tables are made and altered. */
const gatherAll = (work: SiteComparison, files: Promise<PlannedFiles | undefined>, input: RestoreInput) =>
  gatherWithTables(
    work,
    files,
    { definitions: { ...work, ...work.definitions }, policy: input.policy, ...input.site.paths, signal: work.signal },
    (compared) => gatherDifferences(compared, input.people, input.progress),
  );

const inGroup = (things: readonly { readonly id: string }[], group: string) => things.map(({ id }) => ({ id, group }));

const NO_PLUGINS: Plan['plugins'] = { activate: [], deactivate: [] };
const switches = ({ activate, deactivate }: Plan['plugins']): number => activate.length + deactivate.length;

/** Files whose path the live site has given to others get other names, in the rows of the clone too. */
async function renamedDifferences(
  gathered: Gathered,
  files: PlannedFiles | undefined,
  {
    policy,
    choose,
    formerName,
  }: Pick<RestoreInput, 'policy'> & Pick<FilesInput, 'choose'> & { formerName: FormerName },
  { raws }: SiteComparison,
): Promise<{ readonly gathered: Gathered; readonly found: readonly FoundUpload[] }> {
  if (files === undefined) return { gathered, found: [] };
  const asked = (id: string): boolean => {
    const item = { kind: 'attachment', id };
    return choose({ kind: item.kind, group: groupOf(item), names: [id, formerName(item) ?? id] }) !== 'no';
  };
  const renames = await renamesOf(files.uploads, gathered.tables, policy, files.occupied, asked);
  const found = await renamedUploads(files.uploads, renames, files.occupied);
  return { gathered: { ...gathered, tables: renamedTables(gathered.tables, renames, raws) }, found };
}

type FormerName = ReturnType<typeof formerNames>;

/** Hosts of the clone's own addresses. */
const hostsOf = ({ mapping }: SiteComparison): string[] => mapping.to.map((address) => new URL(address).host);

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const madeAt = ({ remembered }: SiteComparison): string | null =>
  remembered === undefined ? null : new Date(remembered.madeAt).toISOString();

async function policyFor(
  { policy, site }: RestoreInput,
  { tables }: Gathered,
  choose: WatchedChoice['choose'],
  formerName: FormerName,
  { travel }: VersionSettings,
): Promise<Policy> {
  const directory = directoryOf(tables);
  return {
    take: policy.take ?? undefined,
    decisions: new Map(Object.entries(policy.decisions).map(([id, side]) => [cellOfText(id), side])),
    against: new Map(),
    delete: policy.delete,
    strict: policy.strict,
    include: new Set(policy.include),
    freed: new Set([...travel.keys()].map((name) => `option:${name}`)),
    chooses: (item) => {
      // That one goes was decided with its definition.
      if (item.kind === 'table') return 'yes';
      const slug = slugOf(item, directory);
      const names = [item.id, slug, formerName(item)].flatMap((name) => (name === undefined ? [] : [textOfCell(name)]));
      return choose({ kind: item.kind, group: groupOf(item), names });
    },
    isNoise: noiseOf(await readNoise(site.paths.baseline)),
  };
}

/** What tells this content of a clone from any other. */
async function baselineDigest(baseline: string): Promise<string> {
  return sha256(await readFile(join(databaseFolder(baseline), 'schema.json'), 'utf8'));
}
