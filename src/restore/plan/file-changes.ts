import type { FileChange, Item, RestoreChanges } from '../changes.ts';
import { isTaken } from './agreed.ts';
import type { OwnerOf } from './attachments.ts';
import type { PlanUpload } from './schema.ts';
import { uploadPath } from './upload-id.ts';

/** Adds the files that go back: each to the thing that it belongs to where that is written too, else as a thing of its own. */
export function withFiles(
  changes: RestoreChanges,
  uploads: readonly PlanUpload[],
  ownerOf: OwnerOf,
  contents: ReadonlyMap<string, Buffer>,
): RestoreChanges {
  const items: Item[] = [...changes.items];
  const places = new Map(items.map(({ id }, at) => [id, at]));
  const files = uploads.filter(isTaken).map((upload): FileChange => {
    const path = uploadPath(upload);
    const item = places.get(ownerOf(upload) ?? '') ?? items.push({ id: upload.id, title: path }) - 1;
    const content = contents.get(upload.place);
    const { place, live: before, clone: after, size } = upload;
    return { item, path, place, before, after, size, ...(content && { content }) };
  });
  return { ...changes, items, files };
}
