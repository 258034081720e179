/** What a transfer is given and gives back. */
import type { SiteClient } from '../site/client-types.ts';
import type { SiteInfo } from '../site/info.ts';
import type { StepCounters, Warning } from '../shared/events.ts';
import type { Rewriter } from './rewrite/types.ts';

export type MediaMode = 'copy' | 'proxy';

/** What to copy. */
export interface TransferTask {
  readonly info: SiteInfo;
  readonly media: MediaMode;
  /** Globs over table names without the prefix or with it. */
  readonly excludeTables: readonly string[];
  /** Globs over paths from the document root. */
  readonly excludePaths: readonly string[];
}

/** Where a database is: a socket or, without one, host and port. */
export interface DatabaseAddress {
  readonly host?: string;
  readonly port?: number;
  readonly socketPath?: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** Where the copy goes: folders and database of the instance. */
export interface TransferSite {
  readonly paths: { readonly www: string; readonly baseline: string };
  readonly database: DatabaseAddress;
  /** What is kept between clones of the same source; absent: nothing is kept. */
  readonly store?: string;
}

/** How a transfer reports and is cancelled. */
export interface TransferContext {
  readonly signal: AbortSignal;
  readonly progress: (counters: StepCounters, message?: string) => void;
}

/** What both halves of a transfer get. The rewriter's counts are its own: give each half its own rewriter. */
export interface TransferInput {
  readonly client: SiteClient;
  readonly task: TransferTask;
  readonly site: TransferSite;
  readonly rewriter: Rewriter;
  readonly context: TransferContext;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface DatabaseResult {
  readonly tables: number;
  readonly rows: number;
  /** Bytes of rows as loaded, after rewriting. */
  readonly bytes: number;
  readonly urlsRewritten: number;
  readonly warnings: readonly Warning[];
}

export interface FilesResult {
  readonly files: number;
  /** Of them, taken from the store without transfer. */
  readonly reused: number;
  readonly bytes: number;
  readonly urlsRewritten: number;
  readonly warnings: readonly Warning[];
}
