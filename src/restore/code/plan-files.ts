import { join } from 'node:path';
import { allOrNothing } from '../../shared/all-or-nothing.ts';
import { readLedger } from '../../transfer/origin/ledger.ts';
import { rememberedFiles, surveyFiles } from '../../transfer/survey/files.ts';
import type { FoundUpload, PlanPackage } from '../plan/schema.ts';
import type { Occupied } from '../plan/upload-renames.ts';
import { clonedFiles, filesNow, type ClonedFile, type ClonedFiles } from './clone-files.ts';
import type { FileRecord } from '../../transfer/baseline/files.ts';
import { namesThatMeet } from './meeting-names.ts';
import { wholePackage } from './whole-package.ts';
import { stillLeft, takenBack } from './taken-back.ts';
import { decidePackage, decideUpload, type Versions } from './decide-files.ts';
import { inLiveForm } from './live-form.ts';
import { filesOfTwoSides, listLive } from './two-sided-files.ts';
import { liveFilesOf, liveFilesOfCopy, readLive, type LiveBody, type LiveFiles } from './live-files.ts';
import { isGenerated, packageOf, type CodePlaces, type Package } from './packages.ts';
import { baseHead, headOf, mayTellVersion, versionIn, versionPlace } from './versions.ts';
import type { FilesInput, PackageFiles, FilesOnBothSides } from './types.ts';

export interface PlannedFiles {
  readonly code: PlanPackage[];
  readonly uploads: FoundUpload[];
  /** What uploads hold in the live site's form, by place, where that is not what the clone has. */
  readonly contents: Map<string, Buffer>;
  /** What is at a place that a file could have. */
  readonly occupied: Occupied;
  /** Files that a package of code has besides those that change, by its id: it was made for them as they are. */
  readonly relied: Map<string, ReliedFile[]>;
}

export interface ReliedFile {
  readonly place: string;
  readonly sha256: string;
}

/** Undefined for a clone that does not remember which files it was not made with. */
async function compareFiles(input: FilesInput): Promise<FilesOnBothSides | undefined> {
  const { www, baseline, client, info, kin, signal } = input;
  const remembered = await rememberedFiles(baseline);
  if (!remembered) return undefined;
  const ledger = await readLedger(baseline);
  const { files, exclude } = remembered;
  const [cloned, there] = await allOrNothing(signal, (both) => [
    clonedFiles(www, baseline, remembered, ledger, both),
    kin === 'source'
      ? surveyFiles(remembered, client, info, both).then((finding) => liveFilesOf(finding, info))
      : listLive(client, info, exclude, both).then((listed) => liveFilesOfCopy(listed, files)),
  ]);
  if (kin === 'other') return filesOfTwoSides({ cloned, here: filesNow(cloned, ledger) }, there.other, input);
  const back = takenBack(cloned, input.brought, there);
  const packages = gather([...cloned.changed, ...back], input.places);
  const inPackages = (place: string): boolean => packages.has(keyOf(packageOf(place, input.places)));
  const read = new Map([...there.other].filter(([place]) => inPackages(place)));
  const bodies = await readLive(client, read, (place) => mayTellVersion(place, input.places), signal);
  const changed = [...cloned.changed, ...stillLeft(back, input.brought, there, bodies)];
  return { cloned: { changed, base: kin === 'copy' ? respelled(cloned.base, bodies) : cloned.base }, there, bodies };
}

/** A copy has its own addresses in generated text: what it holds there is what it was made with. */
function respelled(base: ClonedFiles['base'], bodies: ReadonlyMap<string, LiveBody>): Map<string, FileRecord> {
  return new Map(
    [...base].map(([place, record]) => {
      const there = record.rewritten && bodies.get(place);
      return [place, there ? { ...record, body: { ...record.body, sha256: there.sha256 } } : record];
    }),
  );
}

/** What files go back. Undefined for a clone that does not remember which files it was not made with. */
export async function planFiles(input: FilesInput): Promise<PlannedFiles | undefined> {
  const { kin } = input;
  const found = await compareFiles(input);
  if (!found) return undefined;
  const { cloned, there, bodies } = found;
  const packages = gather(cloned.changed, input.places);
  const occupied = occupiedBy(cloned, there, bodies, input);
  const planned: PlannedFiles = { code: [], uploads: [], contents: new Map(), occupied, relied: new Map() };
  const made = byPackage(cloned.base, input.places);
  const met = input.info.writes?.folds === true ? namesThatMeet(cloned, there) : new Map<string, string>();
  const liveIn = (which: Package) => liveChanges(which, { there, bodies, base: cloned.base, places: input.places });
  for (const { package: which, files: cloneFiles } of packages.values()) {
    const files =
      which.kind === 'upload'
        ? await liveForms(cloneFiles, input)
        : wholePackage(cloneFiles, liveIn(which), cloned.base);
    const live = liveIn(which);
    const isAsLeft = ([place, sha256]: readonly [string, string | null]): boolean =>
      input.brought[place]?.includes(sha256) === true;
    const brought = new Set([...live].filter(isAsLeft).map(([place]) => place));
    const group: PackageFiles = {
      package: which,
      clone: files.filter((file) => live.get(file.place) !== file.sha256 || !live.has(file.place)),
      live,
      brought,
      isKnown: made.has(keyOf(which)) || brought.size > 0 || (kin === 'other' && live.size > 0),
      meets: files.map(({ place }) => met.get(place)).find((other) => other !== undefined),
    };
    if (group.clone.length === 0) continue;
    for (const { place, content } of group.clone) if (content) planned.contents.set(place, content);
    if (which.kind === 'upload') {
      planned.uploads.push(decideUpload(group, input));
    } else {
      const decided = decidePackage(group, await versionsOf(which, input, cloned.base, bodies, there), input);
      planned.code.push(decided);
      planned.relied.set(decided.id, reliedOn(group, made.get(keyOf(which)) ?? []));
    }
  }
  return planned;
}

/** Against another site they were compared in that form. */
const liveForms = (files: readonly ClonedFile[], { kin, www, wayBack }: FilesInput): Promise<ClonedFile[]> =>
  Promise.all(files.map(async (file) => (kin === 'other' ? file : inLiveForm(file, www, wayBack))));

/** What else belongs to a package. */
function reliedOn({ clone, live }: PackageFiles, all: readonly FileRecord[]): ReliedFile[] {
  const changed = new Set(clone.map(({ place }) => place));
  return all.flatMap(({ place, body }) => {
    const sha256 = live.has(place) ? live.get(place) : body.sha256;
    return changed.has(place) || sha256 == null ? [] : [{ place, sha256 }];
  });
}

/** The files that the clone was made with, by package. */
function byPackage(base: ReadonlyMap<string, FileRecord>, places: CodePlaces): Map<string, FileRecord[]> {
  const found = new Map<string, FileRecord[]>();
  for (const record of base.values()) {
    const key = keyOf(packageOf(record.place, places));
    const files = found.get(key) ?? [];
    if (files.length === 0) found.set(key, files);
    files.push(record);
  }
  return found;
}

function occupiedBy(
  { base, changed }: ClonedFiles,
  { other, gone }: LiveFiles,
  bodies: ReadonlyMap<string, LiveBody>,
  { client, signal }: FilesInput,
): Occupied {
  const made = new Set(changed.flatMap(({ place, change }) => (change === 'new' ? [place] : [])));
  return {
    here: (place) => base.has(place) || made.has(place),
    there: async (place) => {
      const file = other.get(place);
      if (file === undefined) return gone.has(place) ? undefined : base.get(place)?.body.sha256;
      const known =
        bodies.get(place) ?? (await readLive(client, new Map([[place, file]]), () => false, signal)).get(place);
      return known?.sha256 ?? 'unreadable';
    },
  };
}

const keyOf = ({ kind, name }: Package): string => `${kind}:${name}`;

function gather(
  changed: readonly ClonedFile[],
  places: CodePlaces,
): Map<string, { readonly package: Package; readonly files: ClonedFile[] }> {
  const packages = new Map<string, { package: Package; files: ClonedFile[] }>();
  for (const file of changed) {
    const which = packageOf(file.place, places);
    if (isGenerated(which)) continue;
    const group = packages.get(keyOf(which)) ?? { package: which, files: [] };
    packages.set(keyOf(which), group);
    group.files.push(file);
  }
  return packages;
}

/** What the live site did to a package; a file whose times alone changed is none. */
function liveChanges(
  which: Package,
  {
    there,
    bodies,
    base,
    places,
  }: {
    readonly there: LiveFiles;
    readonly bodies: ReadonlyMap<string, LiveBody>;
    readonly base: ReadonlyMap<string, { readonly body: { readonly sha256: string } }>;
    readonly places: CodePlaces;
  },
): Map<string, string | null> {
  const isHere = (place: string): boolean => keyOf(packageOf(place, places)) === keyOf(which);
  const live = new Map<string, string | null>();
  for (const [place, { sha256 }] of bodies)
    if (isHere(place) && base.get(place)?.body.sha256 !== sha256) live.set(place, sha256);
  for (const place of there.gone) if (isHere(place)) live.set(place, null);
  return live;
}

async function versionsOf(
  which: Package,
  { www, baseline, info, kin }: FilesInput,
  base: ReadonlyMap<string, Parameters<typeof baseHead>[1]>,
  bodies: ReadonlyMap<string, LiveBody>,
  there: LiveFiles,
): Promise<Versions> {
  const place = await versionPlace(www, which);
  if (place === undefined) return { base: null, live: null, clone: null };
  const here = versionIn(which.kind, await headOf(join(www, place)));
  if (kin === 'other') {
    const head = bodies.get(place)?.head;
    return { base: null, live: head === undefined ? null : versionIn(which.kind, head), clone: here };
  }
  const record = base.get(place);
  const was = record ? versionIn(which.kind, await baseHead(baseline, record)) : null;
  const body = bodies.get(place);
  const now = which.kind === 'core' ? info.wordpressVersion : body ? versionIn(which.kind, body.head) : was;
  return {
    base: was,
    live: there.gone.has(place) ? null : now,
    clone: here,
  };
}
