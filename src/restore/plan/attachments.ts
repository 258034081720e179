import { shortName } from '../merge/classes.ts';
import type { Conflict, ItemOutcome } from '../merge/outcome.ts';
import { keyOfItem, type TableDifferences } from '../merge/types.ts';
import type { PlanUpload } from './schema.ts';

/** Which thing a file of the uploads belongs to, by its path there; WordPress makes pictures of other sizes beside it. */
export type OwnerOf = (upload: PlanUpload) => string | undefined;

export function uploadOwners(tables: readonly TableDifferences[]): OwnerOf {
  const owners = new Map<string, string>();
  const meta = tables.find((table) => shortName(table) === 'postmeta');
  const [key, value, post] = ['meta_key', 'meta_value', 'post_id'].map((name) => meta?.columns.indexOf(name) ?? -1);
  for (const { base, clone } of meta?.rows ?? []) {
    const row = clone ?? base;
    if (!row || row[key ?? -1] !== '_wp_attached_file') continue;
    const path = Buffer.from(row[value ?? -1] ?? '', 'latin1').toString('utf8');
    owners.set(stemOf(path), keyOfItem({ kind: 'attachment', id: row[post ?? -1] ?? '' }));
  }
  return ({ id }) => owners.get(stemOf(id.replace(/^upload:/, '')));
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
const stemOf = (path: string): string =>
  path.replace(/\.[^./]+$/, '').replace(/(-\d+x\d+|-scaled|-rotated|-e\d{10,})+$/, '');

/** A file that cannot go back holds the thing that it belongs to. */
export const againstOwners = (uploads: readonly PlanUpload[], ownerOf: OwnerOf): Map<string, Conflict> =>
  new Map(
    uploads.flatMap((upload): [string, Conflict][] => {
      const owner = upload.conflict ? ownerOf(upload) : undefined;
      return owner === undefined ? [] : [[owner, { code: 'BOTH_CHANGED', fields: ['file'] }]];
    }),
  );

/** A file goes where the thing goes that it belongs to. */
export function withOwners(
  uploads: readonly PlanUpload[],
  ownerOf: OwnerOf,
  items: readonly ItemOutcome[],
): PlanUpload[] {
  const outcomes = new Map(items.map((outcome) => [keyOfItem(outcome.item), outcome]));
  return uploads.map((upload) => {
    const { kept, ...rest } = upload;
    const outcome = outcomes.get(ownerOf(upload) ?? '');
    if (outcome === undefined || upload.conflict || kept?.code === 'NOT_WRITABLE') return upload;
    if (outcome.conflict || outcome.kept)
      return { ...rest, kept: { code: 'NOT_CHOSEN', message: 'stays with what it belongs to' } };
    return kept?.code === 'NOT_CHOSEN' ? rest : upload;
  });
}
