/**
 * A database's tables as the server's own files, beside the files of rows: what a reset imports instead of loading rows. They are
 * worth nothing but time. Whatever is wrong with them, they go, and the rows are loaded.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../shared/json.ts';
import { codeOf, isAccessible } from '../../shared/system.ts';
import type { TableFilesPlace } from '../types.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const name = z.string().regex(/^\w+$/);
/** What of a server its files depend on, as one line; see serverFacts. */
const server = z.string();

const markedSchema = z.object({
  name,
  /** The server's number of the table: a table that was made anew, or renamed to this name, has another. */
  id: z.string(),
  /** Digest of its definition. */
  definition: sha256,
  /** When it was last written to, in seconds since the epoch by the server's clock. */
  updated: z.number(),
});
export type MarkedTable = z.infer<typeof markedSchema>;

const markSchema = z.object({
  version: z.literal(1),
  server,
  tables: z.array(markedSchema),
  /** Those that were written to in the very second in which they were looked at: they count once they were looked at again, see `settleMarks`. */
  young: z.array(markedSchema).optional(),
});
/** Tables as they were when they were equal to the files of rows. Files are made of those that still are as they were. */
export type Mark = z.infer<typeof markSchema>;

const loadedSchema = z.object({ version: z.literal(1), tables: z.array(markedSchema) });

/** Digests of the file of its content (.ibd) and of what the server needs to know of it (.cfg). */
const keptSchema = z.object({ name, ibd: sha256, cfg: sha256 });
export type KeptTable = z.infer<typeof keptSchema>;

const indexSchema = z.object({ version: z.literal(1), server, tables: z.array(keptSchema) });
/** The tables that there are files of. */
export type TableIndex = z.infer<typeof indexSchema>;

/** Tables whose names the file system has as they are; for others the server's files have other names. */
export const isPlain = (table: string): boolean => /^[A-Za-z0-9_]+$/.test(table);

/** The endings of a table's two files. */
export const ENDINGS = ['ibd', 'cfg'] as const;

export const keptPath = ({ kept }: TableFilesPlace, table: string, ending: (typeof ENDINGS)[number]): string =>
  join(kept, `${table}.${ending}`);
/** In the server's own folder. */
export const livePath = ({ data }: TableFilesPlace, table: string, ending: (typeof ENDINGS)[number]): string =>
  join(data, `${table}.${ending}`);

/** Gives all of it up. */
export const dropTableFiles = ({ kept }: TableFilesPlace): Promise<void> =>
  rm(kept, { recursive: true, force: true, maxRetries: 3 });

/** Whether there is something to do for `makeTableFiles`. */
export const isMarked = ({ kept }: TableFilesPlace): Promise<boolean> => isAccessible(join(kept, 'mark.json'));

export const readMark = (place: TableFilesPlace): Promise<Mark | undefined> => read(place, 'mark.json', markSchema);
export const readIndex = (place: TableFilesPlace): Promise<TableIndex | undefined> =>
  read(place, 'index.json', indexSchema);

export const writeIndex = (place: TableFilesPlace, index: Omit<TableIndex, 'version'>): Promise<void> =>
  write(place, 'index.json', { version: 1, ...index });

/** Without tables there is nothing to be done, and no mark. */
export async function writeMark(place: TableFilesPlace, mark: Omit<Mark, 'version'>): Promise<void> {
  if (mark.tables.length === 0 && (mark.young ?? []).length === 0)
    return rm(join(place.kept, 'mark.json'), { force: true });
  await mkdir(place.kept, { recursive: true, mode: 0o700 });
  await write(place, 'mark.json', { version: 1, ...mark });
}

/** Tables as they were when their rows were loaded. Unlike a mark it stays when files are made of them. */
export const readLoaded = async (place: TableFilesPlace): Promise<readonly MarkedTable[]> =>
  (await read(place, 'loaded.json', loadedSchema))?.tables ?? [];

export async function writeLoaded(place: TableFilesPlace, tables: readonly MarkedTable[]): Promise<void> {
  await mkdir(place.kept, { recursive: true, mode: 0o700 });
  await write(place, 'loaded.json', { version: 1, tables });
}

/**
 * Takes the index away for as long as its files are being imported, so that whoever comes after one that was killed, or whose server
 * was, does not try the same again. Undefined when there is none, or when this is such a one: then all of it is gone.
 */
export async function takeIndex(place: TableFilesPlace): Promise<TableIndex | undefined> {
  const index = await readIndex(place);
  if (index === undefined) await dropTableFiles(place);
  else await rename(join(place.kept, 'index.json'), join(place.kept, 'index.taken.json'));
  return index;
}

/**
 * What of it is still good, after an import that went well. Files of other tables go: nobody would import them any more, and they would be
 * handed on from clone to clone.
 */
export async function putIndexBack(place: TableFilesPlace, index: Omit<TableIndex, 'version'>): Promise<void> {
  await writeIndex(place, index);
  await rm(join(place.kept, 'index.taken.json'), { force: true });
  const stay = new Set(index.tables.flatMap((table) => ENDINGS.map((ending) => `${table.name}.${ending}`)));
  for (const file of await readdir(place.kept))
    if (/\.(ibd|cfg)$/.test(file) && !stay.has(file)) await rm(join(place.kept, file), { force: true });
}

/** Undefined also for one that is damaged: its files are no loss. */
async function read<S extends z.ZodType>(
  { kept }: TableFilesPlace,
  file: string,
  schema: S,
): Promise<z.infer<S> | undefined> {
  const text = await readFile(join(kept, file), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return '';
    throw error;
  });
  return schema.safeParse(parseJson(text)).data;
}

async function write({ kept }: TableFilesPlace, file: string, content: unknown): Promise<void> {
  const path = join(kept, file);
  await writeFile(`${path}.new`, JSON.stringify(content), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
