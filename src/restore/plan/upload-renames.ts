import { applyPatches, type Patch } from '../../transfer/rewrite/patch.ts';
import { createLengthFixer } from '../../transfer/rewrite/serialized.ts';
import { shortName } from '../merge/classes.ts';
import type { Row, TableDifferences, Value } from '../merge/types.ts';
import type { RawRows } from '../rows/compose.ts';
import { attachedFiles, stemOf } from './attachments.ts';
import type { FoundUpload, PlanPolicy, PlanUpload } from './schema.ts';
import { uploadId, uploadPath } from './upload-id.ts';

/** Files of one attachment that is new in the clone, whose path the live site has given to another: ours get `-1` after their name. */
export interface Rename {
  /** Below the uploads, without size and ending: `2031/05/spring`. */
  readonly stem: string;
  readonly suffix: string;
  readonly uploads: readonly FoundUpload[];
  /** Numbers of the attachments. */
  readonly posts: ReadonlySet<string>;
}

/** What is known of a place: free, or what the live site has there. */
export interface Occupied {
  /** Whether the clone has a file there. */
  readonly here: (place: string) => boolean;
  /** The digest of what the live site has there. */
  readonly there: (place: string) => Promise<string | undefined>;
}

const MOST = 99;

/** `asked`: whether somebody asked for that attachment; then its files go too. */
export async function renamesOf(
  uploads: readonly FoundUpload[],
  tables: readonly TableDifferences[],
  policy: Pick<PlanPolicy, 'decisions'>,
  occupied: Occupied,
  asked: (post: string) => boolean = () => false,
): Promise<Rename[]> {
  const posts = new Map<string, Set<string>>();
  for (const { path, post, isNew } of attachedFiles(tables))
    if (isNew) posts.set(stemOf(path), (posts.get(stemOf(path)) ?? new Set()).add(post));
  const renames: Rename[] = [];
  for (const [stem, numbers] of posts) {
    const family = uploads.filter((upload) => upload.change === 'new' && stemOf(uploadPath(upload)) === stem);
    const goes = ({ unchosen }: FoundUpload): boolean => unchosen === undefined || [...numbers].some(asked);
    if (!family.some((upload) => goes(upload) && isTaken(upload, policy))) continue;
    const suffix = await freeSuffix(stem, family, occupied);
    if (suffix !== undefined) renames.push({ stem, suffix, uploads: family, posts: numbers });
  }
  return renames;
}

/** Whoever decided about that very file wants it decided so. */
const isTaken = ({ id, live, clone, kept }: PlanUpload, { decisions }: Pick<PlanPolicy, 'decisions'>): boolean =>
  live !== null && live !== clone && decisions[id] === undefined && kept?.code !== 'NOT_WRITABLE';

/** The first with which none is in the way of another; one that is there already, as it shall be, is as good as free. */
async function freeSuffix(
  stem: string,
  family: readonly PlanUpload[],
  occupied: Occupied,
): Promise<string | undefined> {
  for (let number = 1; number <= MOST; number += 1) {
    const suffix = `-${number}`;
    const states = await Promise.all(
      family.map(async (upload) => {
        const place = upload.place.slice(0, -uploadPath(upload).length) + renamed(uploadPath(upload), stem, suffix);
        if (occupied.here(place)) return false;
        const there = await occupied.there(place);
        return there === undefined || there === upload.clone;
      }),
    );
    if (states.every(Boolean)) return suffix;
  }
  return undefined;
}

const renamed = (path: string, stem: string, suffix: string): string => stem + suffix + path.slice(stem.length);

/** Uploads under the names that they get. What is there already is none any more. */
export async function renamedUploads(
  uploads: readonly FoundUpload[],
  renames: readonly Rename[],
  occupied: Occupied,
): Promise<FoundUpload[]> {
  const by = new Map(renames.flatMap((rename) => rename.uploads.map((upload) => [upload.id, rename] as const)));
  const all = await Promise.all(
    uploads.map(async (upload): Promise<FoundUpload[]> => {
      const rename = by.get(upload.id);
      if (rename === undefined) return [upload];
      const path = renamed(uploadPath(upload), rename.stem, rename.suffix);
      const place = upload.place.slice(0, -uploadPath(upload).length) + path;
      const live = (await occupied.there(place)) ?? null;
      const { conflict, kept: _, ...rest } = upload;
      const stays = conflict?.code === 'ADDRESS' ? { conflict } : {};
      return live === upload.clone ? [] : [{ ...rest, ...stays, id: uploadId(path), live, was: uploadPath(upload) }];
    }),
  );
  return all.flat();
}

/** Rows that the clone changed, with the names that its files get; `raws` are the same rows as the clone has them. */
export function renamedTables(
  tables: readonly TableDifferences[],
  renames: readonly Rename[],
  raws: RawRows,
): readonly TableDifferences[] {
  if (renames.length === 0) return tables;
  const inValue = createRenamer(renames);
  return tables.map((table) => {
    const own = ownColumns(table);
    const inRow = (row: Row): Row => {
      const of = renames.find(({ posts }) => posts.has(row[own.post] ?? ''));
      return row.map((value, at) => {
        if (at === own.slug && of) return value === null || value === '' ? value : `${value}${of.suffix}`;
        return inValue(value, of && at === own.value && META.test(row[own.key] ?? '') ? of : undefined);
      });
    };
    const rows = table.rows.map((versions) => {
      const { base, clone } = versions;
      if (!clone || (base && base.every((value, at) => value === clone[at]))) return versions;
      const row = inRow(clone);
      if (row.every((value, at) => value === clone[at])) return versions;
      const raw = raws.get(clone);
      if (raw) raws.set(row, inRow(raw));
      return { ...versions, clone: row };
    });
    return { ...table, rows };
  });
}

/** What holds the names of an attachment's files without their folder. */
const META = /^_wp_attachment_(metadata|backup_sizes)$/;

function ownColumns(table: TableDifferences): { post: number; slug: number; key: number; value: number } {
  const at = (name: string): number => table.columns.indexOf(name);
  const short = shortName(table);
  if (short === 'posts') return { post: at('ID'), slug: at('post_name'), key: -1, value: -1 };
  if (short === 'postmeta') return { post: at('post_id'), slug: -1, key: at('meta_key'), value: at('meta_value') };
  return { post: -1, slug: -1, key: -1, value: -1 };
}

/** Puts the suffixes into a value: after paths, and in what describes the attachment itself (`own`) after the bare names too. */
function createRenamer(renames: readonly Rename[]): (value: Value, own: Rename | undefined) => Value {
  const fixLengths = createLengthFixer();
  const patterns = renames.map((rename) => ({ rename, ...patternsOf(rename) }));
  return (value, own) => {
    if (value === null) return null;
    const patches = patterns
      .flatMap(({ rename, path, name }) =>
        [...value.matchAll(path), ...(own === rename ? value.matchAll(name) : [])].map(
          ({ index, 0: { length } }): Patch => ({ start: index + length, end: index + length, text: rename.suffix }),
        ),
      )
      .toSorted((one, other) => one.start - other.start)
      .filter(({ start }, at, all) => start !== all[at - 1]?.start);
    if (patches.length === 0) return value;
    const fixed = fixLengths(value, { start: 0, end: value.length, inRow: false }, patches);
    return applyPatches(value, fixed?.lengths.mergedWith(patches, value) ?? patches);
  };
}

function patternsOf({ stem, uploads }: Rename): { readonly path: RegExp; readonly name: RegExp } {
  const endings = [...new Set(uploads.map((upload) => uploadPath(upload).split('.').at(-1) ?? ''))].map(escaped);
  const rest = String.raw`(?=(?:-\d+x\d+|-scaled|-rotated|-e\d{10,})*\.(?:${endings.join('|')})(?!\w))`;
  const parts = stem.split('/').map((part) => escaped(Buffer.from(part, 'utf8').toString('latin1')));
  const path = parts.join(String.raw`(?:\\*/|%2[Ff])`);
  return {
    path: new RegExp(String.raw`(?<![\w.-])${path}${rest}`, 'g'),
    name: new RegExp(`(?<=")${parts.at(-1) ?? ''}${rest}`, 'g'),
  };
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`);
