import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { writeWhole } from '../../shared/whole-file.ts';
import type { TablePlan } from '../database/plan.ts';

export interface BaselineTable extends TablePlan {
  /** The file of its rows, in the format of LOAD DATA; null when only the structure was copied. */
  readonly file: string | null;
  readonly rows: number;
  readonly bytes: number;
}

/** The database of a clone at the moment it was made: `db/schema.json` and one file of rows per table. */
export interface BaselineSchema {
  readonly version: 1;
  /** In the order in which they are made. */
  readonly tables: readonly BaselineTable[];
  readonly views: readonly string[];
  readonly triggers: readonly string[];
}

/** Where a baseline keeps the database. */
export const databaseFolder = (baseline: string): string => join(baseline, 'db');

/** Begins the baseline of the database anew: an empty folder, closed to others. */
export async function emptyDatabaseBaseline(baseline: string): Promise<void> {
  await rm(databaseFolder(baseline), { recursive: true, force: true });
  await mkdir(databaseFolder(baseline), { recursive: true, mode: 0o700 });
}

/** Says that the baseline is complete: there is no schema before all rows are written. */
export async function writeSchema(baseline: string, schema: BaselineSchema): Promise<void> {
  await writeWhole(join(databaseFolder(baseline), 'schema.json'), JSON.stringify(schema), 0o600);
}

/** Throws when the baseline is not complete. */
export async function readSchema(baseline: string): Promise<BaselineSchema> {
  const text = await readFile(join(databaseFolder(baseline), 'schema.json'), 'utf8');
  const schema: BaselineSchema = JSON.parse(text); // Our own file, written by writeSchema.
  return schema;
}

/** The rows of one table while they are written. */
export interface RowFile {
  write(rows: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** Where the file of a table's rows is. */
export const rowFilePath = (baseline: string, file: string): string => join(databaseFolder(baseline), file);

/** Opens the file of a table's rows. `append` goes on after what is there; else it starts empty. */
export async function openRowFile(baseline: string, file: string, mode: 'append' | 'new'): Promise<RowFile> {
  const handle = await open(rowFilePath(baseline, file), mode === 'append' ? 'a' : 'w', 0o600);
  return {
    write: async (rows) => {
      for (let offset = 0; offset < rows.length;) offset += (await handle.write(rows, offset)).bytesWritten;
    },
    close: () => handle.close(),
  };
}

const READ_BYTES = 512 * 1024;

/** Reads the file of a table's rows. Each piece is lent: it holds something else when the next one has been asked for. */
export async function* readRowFile(baseline: string, file: string): AsyncGenerator<Buffer> {
  const handle = await open(rowFilePath(baseline, file));
  try {
    const room = Buffer.allocUnsafeSlow(READ_BYTES);
    for (;;) {
      const { bytesRead } = await handle.read(room);
      if (bytesRead === 0) return;
      yield room.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
