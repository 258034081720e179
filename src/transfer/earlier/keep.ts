import { randomUUID } from 'node:crypto';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { databaseFolder, readSchema } from '../baseline/database.ts';
import { readDatabaseOrigin } from '../origin/database.ts';
import { originPath } from '../origin/folder.ts';
import { leaveFiles } from '../files/left.ts';
import { removeTree } from '../../shared/remove-tree.ts';

/** What `openEarlier` reads of a baseline, besides the rows. */
const READ = ['database.json', 'ranges.jsonl', 'back.jsonl'] as const;

/** What a clone that is being removed leaves; its tables as files where there are some, and its document root where there is room for it. */
interface Leaving {
  readonly baseline: string;
  readonly tables?: string;
  readonly www?: string;
}

/**
 * Moves what the next clone of a source can use of a clone's rows, of its tables as files and of its document root to a folder that it looks
 * into as into a baseline. Says whether there was something: what is there already and younger stays.
 */
export async function moveRows(
  { baseline, tables, www }: Leaving,
  kept: string,
  signal: AbortSignal,
): Promise<boolean> {
  const origin = await readDatabaseOrigin(baseline);
  // What is damaged is of no use, and not in the way.
  const before = await readDatabaseOrigin(kept).catch(() => undefined);
  if (origin === undefined || (before?.madeAt ?? 0) > origin.madeAt) return false;
  await readSchema(baseline);
  const draft = `${kept}.${randomUUID()}`;
  try {
    await mkdir(dirname(originPath(draft, READ[0])), { recursive: true, mode: 0o700 });
    for (const file of READ) await rename(originPath(baseline, file), originPath(draft, file));
    await rename(databaseFolder(baseline), databaseFolder(draft));
    // None were made yet, or they lie on another disk: rows are all that is needed.
    if (tables !== undefined) await rename(tables, keptTables(draft)).catch(() => undefined);
    if (www !== undefined) await leave({ www, baseline }, keptFiles(draft), signal);
    await removeTree(kept);
    await rename(draft, kept);
    return true;
  } finally {
    await removeTree(draft);
  }
}

/** Files are worth nothing but time: whatever keeps them from being left costs only them. */
async function leave(paths: { readonly www: string; readonly baseline: string }, folder: string, signal: AbortSignal) {
  await leaveFiles(paths, folder, signal).catch(async () => {
    signal.throwIfAborted();
    await removeTree(folder);
  });
}

/** Where the files are among rows that are kept. */
export const keptFiles = (kept: string): string => join(kept, 'files');
/** Where the tables are among rows that are kept. */
export const keptTables = (kept: string): string => join(kept, 'tables');

/** The address of the clone that the rows are of; undefined when there are none. */
export async function addressOfRows(kept: string): Promise<URL | undefined> {
  const origin = await readDatabaseOrigin(kept).catch(() => undefined);
  return URL.parse(origin?.rewriter.mapping.to[0] ?? '') ?? undefined;
}

const NAME = 'rows';
/** Where the rows of a source are kept in its store. */
export const keptRows = (store: string): string => join(store, NAME);
/** Whether something in a store is a draft of that, which is there for a moment. */
export const isDraft = (name: string): boolean => name.startsWith(`${NAME}.`);
/** Whether it is that, or a draft of it. */
export const isRows = (name: string): boolean => name === NAME || isDraft(name);
