/** What a transfer is given and gives back. */
import type { z } from 'zod';
import type { SiteClient } from '../site/client-types.ts';
import type { StepCounters } from '../shared/events.ts';
import type { Rewriter } from './rewrite/types.ts';
import type { databaseResultSchema, filesResultSchema, mediaSchema, transferTaskSchema } from './schemas.ts';

export type MediaMode = z.infer<typeof mediaSchema>;
export type TransferTask = z.infer<typeof transferTaskSchema>;
export type DatabaseResult = z.infer<typeof databaseResultSchema>;
export type FilesResult = z.infer<typeof filesResultSchema>;

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
  /** Earlier clones of the same source, the one to begin with first; absent: there are none. */
  readonly earlier?: () => Promise<readonly EarlierClone[]>;
  /** WordPress as it was released, packed by `packReleases`; absent: all of it comes from the source. */
  readonly releases?: string;
  /** Signs what the next clone takes without another look. No code of a clone can read it; absent: such things are not remembered. */
  readonly memoryKey?: () => Promise<Buffer>;
  /** Absent: tables are kept as rows only, because the server's own files are out of reach. */
  readonly tableFiles?: TableFilesPlace;
}

/** A clone that was made before, or what is kept of it. All of it may go at any moment. */
export interface EarlierClone {
  readonly baseline: string;
  /** Its tables as the server's own files, for the first who takes them away; absent where it needs them itself. */
  readonly tables?: string;
  /** Its files, for the first who takes them away; absent where it needs them itself. */
  readonly files?: string;
}

/** Where the server's own files of the tables of one database are, and where copies of them are kept. */
export interface TableFilesPlace {
  /** The folder that the server keeps them in. */
  readonly data: string;
  /** Out of the reach of the clone's code: what is here, the server trusts. */
  readonly kept: string;
  /** An account that may export tables. */
  administrator(): Promise<DatabaseAddress>;
  /** Whether so many bytes more leave enough room for what matters more. */
  hasRoom(bytes: number): Promise<boolean>;
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
  readonly randomBytes: (size: number) => Buffer;
}
