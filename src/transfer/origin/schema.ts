/**
 * What a clone remembers of its source and of its own making, beside its baseline (`origin/`): what a restore needs and nobody can
 * find out later. It is our own files' form; whoever reads them checks it, because a clone may be older than the program.
 */
import { z } from 'zod';

const count = z.number().int().nonnegative();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
/** IDs may be larger than a number of JavaScript holds exactly. */
const id = z.string().regex(/^\d+$/);

/**
 * A range of a table's rows as the source sent them, one line of `ranges.jsonl`: the rows after those of the range before it, up to
 * its last key. A table's ranges stand in key order; between them stand those of other tables.
 */
export const rangeSchema = z.object({
  /** Number of the table in `database.json`. */
  t: count,
  rows: count,
  bytes: count,
  /** The last key, base64 per column; null for a table without a key, which is one range in the order of its reading. */
  last: z.array(z.string()).nullable(),
  sha256,
  /** Bytes that it takes in the table's file of rows, where its addresses are the clone's; absent in clones of before 0.2. */
  made: count.optional(),
  /** Where `back.jsonl` says how to undo that: offset and bytes. Absent: nothing was rewritten; null: it cannot be undone. */
  back: z.tuple([count, count]).nullable().optional(),
  /** Given where the same rules make the same rows of it once more: how many URLs were rewritten, and `digestAgain`. */
  again: z.tuple([count, sha256]).optional(),
});
export type OriginRange = z.infer<typeof rangeSchema>;

/** The IDs of a table with a counter. */
const idsSchema = z.object({
  column: z.string(),
  /** The largest that the copy holds: up to here IDs mean the same row in both. Null for a table without rows. */
  max: id.nullable(),
  /** The source's AUTO_INCREMENT when it was asked about its tables. */
  next: id,
  /** The clone gives IDs from here on; null when it counts on like the source, so that both will give the same. */
  from: id.nullable(),
});
export type OriginIds = z.infer<typeof idsSchema>;

/** Values that kept the addresses of the source, since two of them would have become the same. */
const keptSchema = z.object({
  /** Columns that are limited to a list of values: all of theirs. */
  columns: z.array(z.string()),
  /** By a key that lets each value be there once: digests of what the source has in its columns. */
  rows: z.array(z.object({ columns: z.array(z.string()), digests: z.array(z.string()) })),
});
export type OriginKept = z.infer<typeof keptSchema>;

const tableSchema = z.object({
  name: z.string(),
  columns: z.array(z.string()),
  key: z.array(z.string()).nullable(),
  /** Digest of the source's definition, without its AUTO_INCREMENT. */
  definition: sha256,
  /** Whether its rows were copied or, by an exclusion, only its structure: then none of its rows was ever here. */
  copied: z.enum(['rows', 'structure']),
  /** As the source sent them. */
  rows: count,
  bytes: count,
  ids: idsSchema.nullable(),
  /** See `rulesOf`; absent where more decides how its rows are rewritten, and in older clones. */
  rules: sha256.optional(),
  kept: keptSchema.optional(),
  /** What this server did not take as it came: rows that are missing here, values that are not the same. */
  refused: z.object({ rows: count, complaints: count, examples: z.array(z.string()) }),
});
export type OriginTable = z.infer<typeof tableSchema>;

/** What was not copied, and why, in the words of the warnings; the first two thousand. */
const leftOutSchema = z.object({
  said: z.array(z.object({ code: z.string(), message: z.string() })),
  /** How many more there were. */
  more: count,
});
export type LeftOut = z.infer<typeof leftOutSchema>;

export const databaseOriginSchema = z.object({
  version: z.literal(1),
  /** When the transfer ended, milliseconds since the epoch. */
  madeAt: z.number(),
  source: z.string(),
  tablePrefix: z.string(),
  /** The version of the form of the rows that the digests are of. */
  rowFormat: count,
  rewriter: z.object({
    /** Of the rewriter: another one may make other bytes of the same row. */
    version: count,
    mapping: z.object({
      from: z.array(z.string()),
      to: z.array(z.string()),
      paths: z.array(z.object({ from: z.string(), to: z.string() })),
    }),
  }),
  tables: z.array(tableSchema),
  leftOut: leftOutSchema,
});
export type DatabaseOrigin = z.infer<typeof databaseOriginSchema>;

/** Rows of one table, by the values of its key or by a column's value. */
const rowKeySchema = z.record(z.string(), z.union([z.string(), z.number()]));

/** What configuring did to the copy: none of it is a change that a person made, and none of it is ever put back. */
export const ledgerSchema = z.object({
  version: z.literal(1),
  /** Rows of our own, by their key. */
  addedRows: z.array(z.object({ table: z.string(), key: rowKeySchema })),
  /** Rows that were deleted, by the values that they have in common. */
  droppedRows: z.array(z.object({ table: z.string(), where: rowKeySchema })),
  /** Files that were written or replaced, by their path under the document root. */
  writtenFiles: z.array(z.string()),
  /** Files and folders that were taken out of the document root, because they only work at the source's host. */
  setAside: z.array(z.string()),
  /** Files that are deleted if they are there. */
  removedFiles: z.array(z.string()),
});
export type Ledger = z.infer<typeof ledgerSchema>;

export const filesOriginSchema = z.object({
  version: z.literal(1),
  /** Globs over paths from the document root that the source was not asked for. */
  exclude: z.array(z.string()),
  /** `proxy`: uploads were left where they are. */
  media: z.enum(['copy', 'proxy']),
  leftOut: leftOutSchema,
});
export type FilesOrigin = z.infer<typeof filesOriginSchema>;

/** What the site changed by itself while nobody but wpclone looked at it, by table. Values are not kept. */
export const noiseSchema = z.object({
  version: z.literal(1),
  /** Why it is not known; then there are no tables. */
  unknown: z.string().optional(),
  tables: z.array(
    z.object({
      name: z.string(),
      /** Which rows: null when that was not looked at, because the table is large or has no key. */
      rows: z
        .array(
          z.object({
            change: z.enum(['added', 'changed', 'removed']),
            key: z.array(z.string()),
            /** Of an option or of meta data. */
            label: z.string().optional(),
          }),
        )
        .nullable(),
      /** How many more rows there were. */
      more: count,
    }),
  ),
});
export type Noise = z.infer<typeof noiseSchema>;

/** What restores brought to the live site since the clone was made or reset. Values are not kept. */
export const broughtSchema = z.object({
  version: z.literal(1),
  /** Of rows, as `src/restore/merge/brought.ts` says: `table` by its name in the clone, the others as SHA-256. */
  parts: z.array(
    z.object({ table: z.string(), part: z.string(), left: z.string(), taken: z.union([z.array(z.string()), count]) }),
  ),
  /** What files were left with, each time, as SHA-256, by place; null: removed. */
  files: z.record(z.string(), z.array(z.string().nullable())),
  /** Plugins that were switched on (true) and off, by their main files; absent in older clones. */
  plugins: z.record(z.string(), z.array(z.boolean())).default({}),
});
export type Brought = z.infer<typeof broughtSchema>;
