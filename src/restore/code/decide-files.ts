import type { SiteInfo } from '../../site/info.ts';
import type { FoundUpload, PlanConflict, PlanFile, PlanPackage } from '../plan/schema.ts';
import type { Kin } from '../kin.ts';
import type { ClonedFile } from './clone-files.ts';
import { isDangerous, type Package } from './packages.ts';
import type { FilesInput, PackageFiles } from './types.ts';
import { meetingWords } from './meeting-names.ts';
import { codeHindrance, neverWritten } from './code-hindrance.ts';
import { compareVersions } from './versions.ts';
import { uploadId } from '../plan/upload-id.ts';

export interface Versions {
  readonly base: string | null;
  readonly live: string | null;
  readonly clone: string | null;
}

type Fate = Pick<PlanPackage, 'conflict' | 'kept'>;

/** What it takes to decide. */
type Wanted = Pick<FilesInput, 'policy' | 'choose' | 'kin'> & { readonly info: Pick<SiteInfo, 'writes'> };
type WantedCode = Wanted & Pick<FilesInput, 'places'>;

const TITLES: Readonly<Record<Package['kind'], string>> = {
  plugin: 'plugin',
  theme: 'theme',
  'mu-plugin': 'must-use plugin',
  languages: 'translations',
  core: 'WordPress',
  upload: '',
  files: '',
  fixed: '',
};

/** How a package is called in a plan, and decided about. */
const packageId = ({ kind, name }: Package): string =>
  kind === name ? kind : `${kind === 'fixed' ? 'files' : kind}:${name}`;

/** What becomes of a package: all of it, or nothing. */
export function decidePackage(group: PackageFiles, versions: Versions, input: WantedCode): PlanPackage {
  const { kind, name } = group.package;
  const id = packageId(group.package);
  const whole = TITLES[kind] !== '' && kind !== name;
  const change = changeOf(group);
  return {
    id,
    title: kind === name ? TITLES[kind] : whole ? `${TITLES[kind]} ${name}` : name,
    change,
    versions,
    files: group.clone.map((file) => fileOf(file, group)),
    ...(isNever(group.package)
      ? NEVER
      : isChosen(group.package, input)
        ? codeFate(group, change, versions, input)
        : UNASKED),
  };
}

/** What becomes of one file of the uploads, should it go. */
export function decideUpload(group: PackageFiles, input: Wanted): FoundUpload {
  const [file] = group.clone;
  if (file === undefined) throw new Error('a group has a file');
  const none = { base: null, live: null, clone: null };
  const said = { id: uploadId(group.package.name), ...fileOf(file, group) };
  if (isNever(group.package)) return { ...said, ...NEVER };
  const fate = fateOf(group, file.change, none, input);
  return {
    ...said,
    ...(fate.kept ? fate : (hindranceOf(file, input) ?? meetingOf(group, said.id, input) ?? fate)),
    ...(isChosen(group.package, input) ? {} : { unchosen: true }),
  };
}

/** What cannot be written there is somebody's to decide: rows that were made for it may come without it, or not. */
function codeFate(group: PackageFiles, change: PlanPackage['change'], versions: Versions, input: WantedCode): Fate {
  const never = neverWritten(group.package);
  if (never !== undefined) return { kept: { code: 'NOT_WRITABLE', message: never } };
  const fate = fateOf(group, change, versions, input);
  if (fate.kept || fate.conflict) return fate;
  if (group.clone.some(({ holdsAddress }) => holdsAddress)) return { conflict: addressConflict() };
  const hindrance =
    codeHindrance(group.package, group.clone, { writes: input.info.writes, places: input.places }) ??
    (group.meets === undefined ? undefined : meetingWords(group.meets));
  if (hindrance === undefined) return fate;
  const side = input.policy.decisions[packageId(group.package)] ?? input.policy.take;
  if (side === 'live') return { kept: { code: 'LIVE_TAKEN', message: `stays as the live site has it: ${hindrance}` } };
  return { conflict: { code: 'HOST_FORBIDS', message: hindrance, take: null } };
}

const NEVER: Fate = {
  kept: { code: 'NOT_WRITABLE', message: 'belongs to the host, or is never written to a live site' },
};
export const UNASKED: Fate = { kept: { code: 'NOT_CHOSEN', message: 'not asked for' } };

const isNever = (which: Package): boolean => which.kind === 'fixed' || isDangerous(which);

const isChosen = ({ kind, name }: Package, { choose }: Wanted): boolean =>
  choose({ kind, group: kind === 'upload' ? 'media' : 'code', names: [name] }) !== 'no';

/** What keeps a file from being written as the clone has it. */
function hindranceOf({ holdsAddress }: ClonedFile, { info }: Wanted): Fate | undefined {
  if (info.writes?.uploads === false)
    return { kept: { code: 'NOT_WRITABLE', message: 'the PHP of the live site may not write to its uploads' } };
  if (!holdsAddress) return undefined;
  return { conflict: addressConflict() };
}

const addressConflict = (): PlanConflict => ({
  code: 'ADDRESS',
  message: 'holds an address of the clone that the live site has nothing for',
  take: null,
});

/** No side can be taken but the live site's: two files cannot have one name. */
function meetingOf({ meets }: PackageFiles, id: string, { policy }: Wanted): Fate | undefined {
  if (meets === undefined) return undefined;
  const message = meetingWords(meets);
  return (policy.decisions[id] ?? policy.take) === 'live'
    ? { kept: { code: 'LIVE_TAKEN', message: `stays out: ${message}` } }
    : { conflict: { code: 'NAME_TAKEN', message, take: null } };
}

function changeOf({ clone, isKnown }: PackageFiles): PlanPackage['change'] {
  if (!isKnown) return 'new';
  return clone.every(({ change }) => change === 'deleted') ? 'deleted' : 'changed';
}

function fileOf({ place, change, size, base, sha256 }: ClonedFile, { live, brought }: PackageFiles): PlanFile {
  const was = base?.body.sha256 ?? null;
  const there = live.has(place) ? (live.get(place) ?? null) : was;
  const isThere = change === 'new' && brought.has(place) && there !== null;
  return { place, change: isThere ? 'changed' : change, size, base: was, live: there, clone: sha256 };
}

function fateOf(group: PackageFiles, change: PlanPackage['change'], versions: Versions, input: Wanted): Fate {
  const { package: which } = group;
  const { policy } = input;
  const id = packageId(which);
  const conflict = conflictOf(group, change, versions, input.kin);
  if (conflict !== undefined) {
    // Nobody asked one site to go back to the other's older code.
    if (conflict.code === 'NEWER_ON_LIVE' && input.kin === 'other')
      return { kept: { code: 'LIVE_TAKEN', message: conflict.message } };
    const side = policy.decisions[id] ?? policy.take;
    if (side === 'live')
      return { kept: { code: 'LIVE_TAKEN', message: `the live site's was taken: ${conflict.message}` } };
    if (side !== 'clone' || conflict.code === 'NEWER_ON_LIVE') return { conflict };
  }
  if (change === 'deleted' && !policy.delete)
    return { kept: { code: 'DELETION', message: 'deleted here; stays unless --delete is given' } };
  return {};
}

function conflictOf(
  { live, brought }: PackageFiles,
  change: PlanPackage['change'],
  versions: Versions,
  kin: Kin,
): PlanConflict | undefined {
  const [there, here] = [versions.live, versions.clone];
  const theirs = [...live].filter(([place]) => !brought.has(place));
  // What an earlier restore brought is no update of the live site's own.
  const isTheirs = theirs.length > 0 || there === versions.base;
  if (there !== null && here !== null && compareVersions(here, there) < 0 && isTheirs)
    return { code: 'NEWER_ON_LIVE', message: `the live site has ${there}, the clone the older ${here}`, take: null };
  if (theirs.length === 0) return undefined;
  if (kin === 'other') return { code: 'DIFFERS', message: 'not the same on both sides', take: null };
  const gone = theirs.every(([, sha256]) => sha256 === null);
  if (change === 'new')
    return { code: 'NAME_TAKEN', message: 'the live site has put another of this name there', take: null };
  return gone
    ? { code: 'DELETED_ON_LIVE', message: 'changed here, deleted on the live site', take: null }
    : { code: 'BOTH_CHANGED', message: 'changed here and on the live site', take: null };
}
