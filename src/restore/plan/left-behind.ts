import { counted } from '../../shared/format.ts';
import { textOfCell } from '../cell-text.ts';
import type { Directory } from '../merge/directory.ts';
import type { ItemOutcome, Write } from '../merge/outcome.ts';
import { cell } from '../merge/parts.ts';
import { numberColumn } from '../merge/references.ts';
import { keyOfItem } from '../merge/types.ts';
import { numbersIn } from '../numbers/find.ts';
import { isTaken } from './agreed.ts';
import type { OwnerOf } from './attachments.ts';
import type { PlanUpload } from './schema.ts';
import { uploadPath } from './upload-id.ts';

/** What is known of a plan by the time when it is looked at what its texts use. */
export interface Uses {
  readonly items: readonly ItemOutcome[];
  readonly uploads: readonly PlanUpload[];
  readonly ownerOf: OwnerOf;
  readonly directory: Directory;
  /** Hosts of the clone's own addresses. */
  readonly hosts: readonly string[];
  /** Of a thing, by its key. */
  readonly titleOf: (key: string) => string;
}

const TOLD = 10;

/**
 * Tells of what goes while its text shows or names something new that stays, as when one page alone was asked for: a picture of it would be
 * missing there. What refers by a column or a known setting is held instead (`NEEDS`); in a text a number or a path may be meant otherwise.
 */
export function leftBehindNotes(uses: Uses): string[] {
  const { items, titleOf } = uses;
  const left = leftThings(uses);
  if (left.size === 0) return [];
  const notes = items.flatMap(({ item, writes }) => {
    const named = new Set(writes.flatMap((write) => [...namesIn(write, uses)].flatMap((name) => left.get(name) ?? [])));
    if (named.size === 0) return [];
    const told = [...named].slice(0, TOLD).map((key) => saidOf(key, titleOf));
    const more = named.size > TOLD ? ` and ${named.size - TOLD} more` : '';
    return [
      `${titleOf(keyOfItem(item))} goes, but what it uses does not, and would be missing there: ${told.join(', ')}${more}.`,
    ];
  });
  const others = notes.length - TOLD;
  return others > 0 ? [...notes.slice(0, TOLD), `The same is so of ${counted(others, 'more thing')}.`] : notes;
}

/** New things that stay, and files: by what a text may name them. What never travels is told of for itself. */
function leftThings({ items, uploads, ownerOf }: Uses): Map<string, string> {
  const left = new Map<string, string>();
  const stay = items.filter(({ writes, kept }) => writes.length === 0 && kept?.code !== 'PROTECTED');
  for (const { item, parts } of stay)
    for (const { table, base, live, clone } of parts) {
      const row = clone[0];
      if ((table.short === 'posts' || table.short === 'terms') && row && base.length + live.length === 0)
        left.set(`${table.short} ${cell(table, row, numberColumn(table.short))}`, keyOfItem(item));
    }
  for (const upload of uploads)
    if (!isTaken(upload) && upload.live === null && upload.clone !== null)
      left.set(`file ${uploadPath(upload)}`, ownerOf(upload) ?? upload.id);
  return left;
}

const saidOf = (key: string, titleOf: (key: string) => string): string =>
  key.startsWith('upload:') ? key : `${titleOf(key)} (${textOfCell(key)})`;

/** As addresses of files stand in texts, also in JSON. */
const FILES = /\\?\/uploads\\?\/([^\s"'<>()?#,]+)/g;

/** What the rows that are written name: things by table and number, files by their path among the uploads. */
function* namesIn({ part: { table, live }, rows }: Write, { directory, hosts }: Uses): Generator<string> {
  for (const row of rows)
    for (const [at, column] of table.columns.entries()) {
      const value = row[at] ?? '';
      if (value === '' || live.some((each) => each[at] === value)) continue;
      for (const { start, end, short } of numbersIn(table, row, column, value, { directory, hosts }))
        if (short !== null) yield `${short} ${value.slice(start, end)}`;
      for (const [, path = ''] of value.matchAll(FILES)) yield `file ${textOfCell(path.replaceAll('\\', ''))}`;
    }
}
