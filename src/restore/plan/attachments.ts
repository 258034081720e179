import { cellOfText, textOfCell } from '../cell-text.ts';
import { shortName } from '../merge/classes.ts';
import type { Conflict, ItemOutcome } from '../merge/outcome.ts';
import { keyOfItem, type TableDifferences } from '../merge/types.ts';
import type { CloneDatabase } from '../rows/clone.ts';
import { rowOf } from '../rows/lines.ts';
import { UNASKED } from '../code/decide-files.ts';
import type { FoundUpload, PlanUpload } from './schema.ts';
import { uploadPath } from './upload-id.ts';

/** Which thing a file of the uploads belongs to, by its path there; WordPress makes pictures of other sizes beside it. */
export type OwnerOf = (upload: PlanUpload) => string | undefined;

/** `known`: as from `knownOwners`. */
export function uploadOwners(tables: readonly TableDifferences[], known: ReadonlyMap<string, string>): OwnerOf {
  const changed = attachedFiles(tables).map(({ path, post }) => [stemOf(path), attachment(post)] as const);
  const owners = new Map([...known, ...changed]);
  return (upload) => owners.get(stemOf(uploadPath(upload)));
}

const attachment = (id: string): string => keyOfItem({ kind: 'attachment', id });

/** Attachments of the clone that files belong to, also those of which no row changed, by the paths of files without size and ending. */
export async function knownOwners(
  uploads: readonly PlanUpload[],
  prefix: string,
  database: CloneDatabase,
): Promise<Map<string, string>> {
  const table = `${prefix}postmeta`;
  if (uploads.length === 0 || !database.tables.has(table)) return new Map();
  const paths = uploads.flatMap((upload) => {
    const path = uploadPath(upload);
    const ending = /\.[^./]+$/.exec(path)?.[0] ?? '';
    return [path, `${stemOf(path)}${ending}`, `${stemOf(path)}-scaled${ending}`];
  });
  const values = [...new Set(paths)].map(cellOfText);
  const lines = await database.find(table, ['post_id', 'meta_key', 'meta_value'], 'meta_value', values);
  return new Map(
    lines.map(rowOf).flatMap(([post, key, value]): [string, string][] => {
      const path = textOfCell(value ?? '');
      return key === '_wp_attached_file' ? [[stemOf(path), attachment(post ?? '')]] : [];
    }),
  );
}

/** Attachments that are not the same in all versions, or stand beside such: their files, as the clone has them. */
export function attachedFiles(
  tables: readonly TableDifferences[],
): { readonly path: string; readonly post: string; readonly isNew: boolean }[] {
  const meta = tables.find((table) => shortName(table) === 'postmeta');
  const [key = -1, value = -1, post = -1] = ['meta_key', 'meta_value', 'post_id'].map(
    (name) => meta?.columns.indexOf(name) ?? -1,
  );
  return (meta?.rows ?? []).flatMap(({ base, clone }) => {
    const row = clone ?? base;
    if (row?.[key] !== '_wp_attached_file') return [];
    const path = textOfCell(row[value] ?? '');
    return [{ path, post: row[post] ?? '', isNew: base === undefined }];
  });
}

/** Of a clone that does not remember its files, nobody knows whether the live site has those of what is new: such things stay. */
export function againstFileless(tables: readonly TableDifferences[]): Map<string, Conflict> {
  const meta = tables.find((table) => shortName(table) === 'postmeta');
  const [key = -1, post = -1] = ['meta_key', 'post_id'].map((name) => meta?.columns.indexOf(name) ?? -1);
  const why = 'the clone does not remember its files, and this is one';
  return new Map(
    (meta?.rows ?? []).flatMap(({ base, clone }): [string, Conflict][] =>
      base || clone?.[key] !== '_wp_attached_file'
        ? []
        : [[keyOfItem({ kind: 'attachment', id: clone[post] ?? '' }), { code: 'NOT_COMPARABLE', why }]],
    ),
  );
}

/** The path without what tells sizes and edits of one picture apart. */
export const stemOf = (path: string): string =>
  path.replace(/\.[^./]+$/, '').replace(/(-\d+x\d+|-scaled|-rotated|-e\d{10,})+$/, '');

/** A file that does not go back holds the thing that it belongs to. */
export const againstOwners = (uploads: readonly PlanUpload[], ownerOf: OwnerOf): Map<string, Conflict> =>
  new Map(
    uploads.flatMap((upload): [string, Conflict][] => {
      const against = againstOwner(upload);
      const owner = against && ownerOf(upload);
      return owner === undefined || against === undefined ? [] : [[owner, against]];
    }),
  );

function againstOwner({ conflict, kept, change }: PlanUpload): Conflict | undefined {
  if (kept?.code === 'NOT_WRITABLE')
    return change === 'deleted' ? undefined : { code: 'NOT_COMPARABLE', why: 'its file cannot go to the live site' };
  if (conflict?.code === 'ADDRESS') return { code: 'ADDRESS', field: 'file' };
  return conflict || kept?.code === 'LIVE_TAKEN' ? { code: 'BOTH_CHANGED', fields: ['file'] } : undefined;
}

/** A file goes where the thing goes that it belongs to; one that nobody asked for goes nowhere else. */
export function withOwners(
  uploads: readonly FoundUpload[],
  ownerOf: OwnerOf,
  items: readonly ItemOutcome[],
): PlanUpload[] {
  const outcomes = new Map(items.map((outcome) => [keyOfItem(outcome.item), outcome]));
  return uploads.map(({ unchosen, ...upload }) => {
    const { kept, conflict, ...rest } = upload;
    const outcome = outcomes.get(ownerOf(upload) ?? '');
    if (unchosen && (outcome === undefined || outcome.kept)) return { ...rest, ...UNASKED };
    if (outcome === undefined || conflict || kept?.code === 'NOT_WRITABLE') return upload;
    return outcome.conflict || outcome.kept
      ? { ...rest, kept: { code: 'NOT_CHOSEN', message: 'stays with what it belongs to' } }
      : upload;
  });
}
