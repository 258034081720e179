import { codePath } from '../code/code-paths.ts';
import type { CodePlaces } from '../code/packages.ts';
import type { PlannedFiles } from '../code/plan-files.ts';
import type { FileChange, Item, PluginChange, RestoreChanges } from '../changes.ts';
import { isTaken } from './agreed.ts';
import type { OwnerOf } from './attachments.ts';
import type { Plan, PlanUpload } from './schema.ts';
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

/** Adds the packages of code that go back, each a thing of its own with all of its files, and the plugins that are switched. */
export function withCode(
  changes: RestoreChanges,
  { code, plugins }: Pick<Plan, 'code' | 'plugins'>,
  relied: PlannedFiles['relied'],
  places: CodePlaces,
  contents: ReadonlyMap<string, Buffer>,
): RestoreChanges {
  const items: Item[] = [...changes.items];
  const files: FileChange[] = [...changes.files];
  const at = new Map<string, number>();
  for (const { id, title, files: changed } of code.filter(isTaken)) {
    const item = items.push({ id, title }) - 1;
    at.set(id, item);
    const add = (place: string, before: string | null, after: string | null, size: number): void => {
      const path = codePath(place, places);
      const content = before === after ? undefined : contents.get(place);
      if (path !== undefined) files.push({ item, path, place, before, after, size, ...(content && { content }) });
    };
    for (const { place, live, clone, size } of changed) if (live !== clone) add(place, live, clone, size);
    for (const { place, sha256 } of relied.get(id) ?? []) add(place, sha256, sha256, 0);
  }
  const switched = (file: string, active: boolean): PluginChange => {
    const id = pluginId(file);
    const item = at.get(id) ?? items.push({ id, title: `plugin ${id.replace('plugin:', '')}` }) - 1;
    at.set(id, item);
    return { item, file, active };
  };
  return {
    ...changes,
    files,
    plugins: [
      ...plugins.activate.map((file) => switched(file, true)),
      ...plugins.deactivate.map((file) => switched(file, false)),
    ],
    items,
  };
}

/** The package that a plugin is, by its main file. */
export const pluginId = (file: string): string => `plugin:${(file.split('/')[0] ?? file).replace(/\.php$/, '')}`;
