import type { Allocate } from '../../shared/reusing.ts';
import type { Reading } from './reading.ts';
import type { Judge } from './unique.ts';

/** What a rewriter maps. All URLs are absolute, without a trailing slash. */
export interface UrlMapping {
  /** The source's home URL, and the other URLs that mean the same site (siteurl, www or not, other scheme is implied). */
  readonly from: readonly string[];
  /** The clone's home URL, for each `from` at the same index the URL that takes its place. */
  readonly to: readonly string[];
  /** Absolute folders at the source and what takes their place. */
  readonly paths: readonly { readonly from: string; readonly to: string }[];
}

export interface RewriteCounts {
  /** URLs and paths replaced. */
  readonly replaced: number;
  /** Values that held a match inside serialized data that was already broken; rewritten as plain text. */
  readonly broken: number;
}

/** What is particular about columns of a table, by their index. */
export interface RowColumns {
  /** Left alone. */
  readonly skip: ReadonlySet<number>;
  /** Has to do with keys that no two rows share. */
  readonly unique?: Judge | undefined;
  /** PHP gets other bytes than the stored ones. */
  readonly readings?: ReadonlyMap<number, Reading>;
  /** Told of each value that holds an address in base64, which is left as it is. */
  readonly encoded?: (column: number) => void;
}

/** Told of each part of a block, from `start` up to `end`, that gave way to so many other bytes: from left to right, none overlapping. */
export type Replaced = (start: number, end: number, length: number) => void;

/** How rows are rewritten. */
export interface RowsOptions {
  /** Is told of each replacement. */
  readonly replaced?: Replaced;
  /** Where rows that changed are put; memory of their own if nothing is given. */
  readonly allocate?: Allocate;
}

/** Rewrites the addresses of one source to those of one clone, and counts what it did. */
export interface Rewriter {
  /** Rewrites one value. Returns the very same buffer when there is nothing to do. */
  value(value: Buffer): Buffer;
  /** Rewrites whole rows in LOAD DATA format (see RowBlock). Returns the very same buffer when there is nothing to do. */
  rows(block: Buffer, columns: RowColumns, options?: RowsOptions): Buffer;
  /**
   * The same for rows that may be huge, in parts and in little memory. Parts may lie in the block's memory, each until the next is
   * asked for; what is left in the block is of no use.
   */
  hugeRows(block: Buffer, columns: RowColumns): Iterable<Buffer>;
  readonly counts: RewriteCounts;
  /** How many folders of source or clone it has met so far, some more than once. */
  readonly folders: number;
  /** What it was made of. */
  readonly mapping: UrlMapping;
}
