/** What wpclone remembers under WPCLONE_HOME, in SQLite (state.db, mode 0600 in a folder of mode 0700). Secrets are encrypted at rest. */
import type { CloneState } from '../runtime/types.ts';
import type { Finding } from '../shared/findings.ts';

/** A source that has (or had) our plugin. */
export interface KnownSource {
  /** Normalised home URL. */
  readonly url: string;
  readonly endpoint: string;
  readonly keyId: string;
  readonly secret: string;
  readonly insecureTls: boolean;
  /** The name that a wall let in, and what it gave; see SourceAccess. */
  readonly userAgent?: string | undefined;
  readonly cookies?: string | undefined;
  /** Milliseconds since the epoch: when it last answered a signed request. */
  readonly lastUsedAt: number;
}

/** A job, and the wpclone process that carries it out: with its start time, so that a reused process id is not taken for it. */
export interface LeaseOwner {
  readonly jobId: string;
  readonly pid: number;
  readonly startedAt: string;
}

/** One local instance, from the moment its id is taken until all of it is removed. */
export interface LocalInstanceRow {
  readonly id: string;
  readonly state: CloneState;
  readonly port: number;
  /** The clone's own URL once it is known, else the origin. */
  readonly url: string;
  readonly sourceUrl: string;
  readonly wordpressVersion: string | null;
  readonly phpVersion: string | null;
  readonly adminUsername: string | null;
  readonly adminPassword: string | null;
  readonly databasePassword: string;
  /** The job that has the lease of it; null when none does. */
  readonly owner: LeaseOwner | null;
  /** Grows by one with every lease. */
  readonly epoch: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** What differs from the source. */
  readonly findings: readonly Finding[];
}

/** Every call is one short transaction. All throw STATE_FAILED, BUSY and DISK_FULL besides what is named. */
export interface State {
  readonly sources: {
    find(url: string): KnownSource | undefined;
    list(): readonly KnownSource[];
    save(source: KnownSource): void;
    remove(url: string): void;
  };
  readonly instances: {
    find(id: string): LocalInstanceRow | undefined;
    list(): readonly LocalInstanceRow[];
    /** Takes the id and the lowest free port of the range in one transaction. Throws NAME_TAKEN, PORTS_EXHAUSTED. */
    create(
      row: Omit<LocalInstanceRow, 'port' | 'url'>,
      ports: { readonly first: number; readonly last: number; readonly avoid: ReadonlySet<number> },
    ): LocalInstanceRow;
    /** Throws NOT_FOUND. */
    update(id: string, changes: Partial<Omit<LocalInstanceRow, 'id' | 'port'>>): void;
    /**
     * As `update`, but only when nobody has changed the state, the owner or the end of the row since it was read (compare
     * and swap); says whether it was done.
     */
    updateUnchanged(seen: LocalInstanceRow, changes: Partial<Omit<LocalInstanceRow, 'id' | 'port'>>): boolean;
    remove(id: string): void;
  };
  close(): void;
}
