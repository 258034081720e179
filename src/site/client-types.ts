import type { SiteInfo } from './info.ts';

/**
 * The reading side of the migrator as the transfer sees it: streams that have already survived what a host does to requests.
 * An implementation verifies each block by its content hash, continues after dropped connections, 5xx, rate limits and
 * restarts from the last verified block, adapts the size of what it asks for, and throws a WpcloneError only when
 * that no longer helps. Nothing is delivered twice.
 */
export interface SiteClient {
  info(signal: AbortSignal): Promise<SiteInfo>;
  /**
   * Streams the tables one after another, each in key order, as far as possible in one consistent snapshot.
   * A table without a key that changed since reading it was interrupted cannot be continued: this throws a retryable
   * TABLE_WITHOUT_KEY (details.table); empty the tables that are not whole and ask for them again.
   */
  rows(tables: readonly TableRead[], signal: AbortSignal): AsyncIterable<RowBlock>;
  /**
   * Says what tables hold without sending it: the digests of their ranges of rows, table by table and in key order. The ranges end
   * at the bounds that are given; what comes after the last bound (or all, without bounds) is cut as `rows` would cut it. Several parts
   * of one table may be asked for.
   */
  digests(tables: readonly DigestRead[], signal: AbortSignal): AsyncIterable<RangeDigest>;
  /** Lists every file, folder and link of the roots, parents before children. */
  manifest(request: ManifestRequest, signal: AbortSignal): AsyncIterable<readonly ManifestEntry[]>;
  /**
   * Streams the bodies of the named files, each in order from its first to its last byte; a file that changed while it was
   * read begins again: a second `start` of the same file takes back what came since the first. Of one that we hold already only that is said.
   */
  files(files: readonly FileRequest[], signal: AbortSignal): AsyncIterable<FileEvent>;
  /** Tells the migrator to remove itself, its keys and its files. */
  disconnect(signal: AbortSignal): Promise<void>;
}

/** One table to read. */
export interface TableRead {
  readonly name: string;
  /** Columns to read, in this order (generated ones left out). */
  readonly columns: readonly string[];
  readonly key: readonly string[] | null;
  /** It has not the site's prefix. */
  readonly other?: true;
  /** Only rows with keys greater than this (values of `key`, base64 of their bytes). Absent: from the start. */
  readonly after?: readonly string[];
  /** Only rows with keys up to this one. Absent: to the end. */
  readonly upto?: readonly string[];
}

/** One table, or some of one, whose rows are to be compared. A table without a key has no bounds: it is one range. */
export interface DigestRead extends TableRead {
  /** The last keys of ranges, in key order. */
  readonly bounds: readonly (readonly string[])[];
  /** What comes after the last bound is not asked for. */
  readonly stop?: true;
}

/** A range of a table's rows: those after the range before it, up to its own last key. */
export interface RangeDigest {
  readonly table: string;
  readonly rows: number;
  readonly bytes: number;
  /** The last key, base64 per column: the bound, or that of the last row. Null for a table without a key, or without rows. */
  readonly last: readonly string[] | null;
  /** Of the rows in exactly the bytes in which `rows` sends them; null when the range is so large that the site could not reach its end. */
  readonly sha256: string | null;
  /** The version of the form of the rows. */
  readonly format: number;
  /** The table ends here. */
  readonly end: boolean;
}

/** Some rows of one table. */
export interface RowBlock {
  readonly table: string;
  /**
   * Rows as LOAD DATA reads them with its defaults: fields end with TAB, rows with LF, backslash escapes
   * (\\ \t \n \r \0), NULL is \N (MySQL manual, "LOAD DATA Statement", "Field and Line Handling"). Text is the stored bytes,
   * not converted. A block ends between two rows, except where `partial` says that a single huge row goes on in the next block.
   * Lent until the next block is asked for.
   */
  readonly data: Buffer;
  readonly partial: boolean;
  /** Rows that end in this block. */
  readonly rows: number;
  /** The key of the last whole row, base64 per column; null for a table without a key. */
  readonly cursor: readonly string[] | null;
  /** Of all bytes since the last block that had one (hex): of a range of rows, which ends here. Null where it goes on. */
  readonly sha256: string | null;
  /** The table has been read to its end with this block. A table without rows gives one empty block with `last`. */
  readonly last: boolean;
  /** Only of rows that did not come from a site: what an earlier clone of it made of them. */
  readonly before?: RowsBefore;
  /** Only of rows that an earlier clone made by the same rules, and that need not be made again: then `data` is empty. */
  readonly remade?: RemadeRows;
}

/** A whole range of rows as it is in a clone. */
export interface RemadeRows {
  /** In the form of `data`, lent as that is. */
  readonly rows: Buffer;
  /** Of them, in hex. */
  readonly sha256: string;
  /** How many bytes the source sends for them. */
  readonly bytes: number;
  /** How they come back to those, see `goBack`; undefined where they are the same. */
  readonly back: string | undefined;
  /** How many URLs were rewritten in them. */
  readonly urls: number;
}

/** All rows of a table between two keys, as an earlier clone has them; null for the table's start, and its end. */
export interface RowsBefore {
  readonly after: readonly string[] | null;
  readonly last: readonly string[] | null;
  /** In its file of rows. */
  rows(): Buffer;
}

/** Which files to list. */
export interface ManifestRequest {
  readonly roots: readonly string[];
  /** Globs over `root-place/path`; what matches is left out, folders with all below them. */
  readonly exclude: readonly string[];
  /** Told of what the site never sends: secrets, which are not listed. */
  readonly withheld?: (root: string, path: string) => void;
  /** Told of globs of `exclude`, by their numbers, that left something out; never by a plugin that does not tell. */
  readonly fits?: (numbers: readonly number[]) => void;
}

/** One file, folder or link of the site, or one that cannot be copied. */
export interface ManifestEntry {
  readonly root: string;
  /** Relative to the root, with `/`, as `src/shared/file-names.ts` has names, already checked for `..`, empty and NUL segments. '' is the root itself. */
  readonly path: string;
  readonly kind: 'file' | 'directory' | 'symlink' | 'refused';
  readonly size: number;
  /** Seconds since the epoch. */
  readonly mtime: number;
  readonly ctime: number;
  /** Permission bits. */
  readonly mode: number;
  /** symlink: the target, relative to the link's folder and inside the same root. */
  readonly target?: string;
  /** refused: why it cannot be copied. */
  readonly reason?: 'unreadable' | 'outside' | 'name' | 'special' | 'loop' | 'nowhere' | 'other-site';
}

/** One file to read; `size` as it was listed. */
export interface FileRequest {
  readonly root: string;
  readonly path: string;
  readonly size: number;
  /** SHA-256 (hex) of what we hold, and would take for it. */
  readonly held?: string;
}

export type FileEvent =
  | { readonly type: 'start'; readonly file: FileRequest }
  /** `data` is lent until the next event is asked for. */
  | { readonly type: 'data'; readonly data: Buffer }
  /** `sha256` (hex) is over the whole body. */
  | {
      readonly type: 'end';
      readonly size: number;
      readonly mtime: number;
      readonly ctime: number;
      readonly sha256: string;
    }
  /** The file's body has the digest of what we hold: it is all that comes of it. */
  | {
      readonly type: 'held';
      readonly file: FileRequest;
      readonly size: number;
      readonly mtime: number;
      readonly ctime: number;
    }
  /** The file is gone, cannot be read, holds passwords of the site, or changes faster than it can be read; no `end` follows. Discard what came since `start`. */
  | { readonly type: 'failed'; readonly reason: 'gone' | 'unreadable' | 'changing' | 'secret' };
