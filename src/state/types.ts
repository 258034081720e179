/** What wpclone remembers under WPCLONE_HOME, in SQLite (state.db, mode 0600 in a folder of mode 0700). Secrets are encrypted at rest. */
import type { UnitState } from '../runtime/unit-states.ts';
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

/** A restore that wrote to a live site, or was about to. */
export interface RestoreRow {
  readonly id: string;
  /** The live site. */
  readonly url: string;
  /** The clone that it came from; null when that is not known here. */
  readonly cloneId: string | null;
  readonly status: string;
  /** Milliseconds since the epoch. */
  readonly madeAt: number;
  /** JSON: what its site said of it last. No values of the site. */
  readonly receipt: string;
}

/** A job, and the wpclone process that carries it out: with its start time, so that a reused process id is not taken for it. */
export interface LeaseOwner {
  readonly jobId: string;
  readonly pid: number;
  readonly startedAt: string;
}

/** A clone: what a unit holds. */
export interface CloneRow {
  readonly id: string;
  /** The clone's own URL once it is known, else the unit's origin. */
  readonly url: string;
  readonly sourceUrl: string;
  readonly wordpressVersion: string | null;
  readonly phpVersion: string | null;
  readonly adminUsername: string | null;
  readonly adminPassword: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
  /** What differs from the source. */
  readonly findings: readonly Finding[];
}

/** One local instance, from the moment its name is taken until all of it is removed, with the clone that it holds. */
export interface UnitRow {
  readonly name: string;
  readonly state: UnitState;
  readonly port: number;
  /** Major and minor version of its PHP; null for those of before 0.2. */
  readonly phpVersion: string | null;
  /** What it was made from; empty for those of before 0.2. */
  readonly revision: string;
  /** Clones that it has held. */
  readonly uses: number;
  /** When it last showed that it can be handed out; null: never. */
  readonly provenAt: number | null;
  readonly databasePassword: string;
  /** Grows by one with every lease. */
  readonly epoch: number;
  /** The job that has the lease of it; null when none does. */
  readonly lease: LeaseOwner | null;
  /** Milliseconds since the epoch: when it was made, and when it came into its present state. */
  readonly createdAt: number;
  readonly stateSince: number;
  readonly clone: CloneRow | null;
}

export interface PortRange {
  readonly first: number;
  readonly last: number;
  readonly avoid: ReadonlySet<number>;
  /** The one that is taken when it is free. */
  readonly wanted?: number;
}

/** A clone that is to come into a unit. */
export type NewClone = Pick<CloneRow, 'id' | 'sourceUrl' | 'expiresAt'>;

export type UnitChanges = Partial<Pick<UnitRow, 'state' | 'phpVersion' | 'port' | 'epoch' | 'lease' | 'provenAt'>>;

/**
 * Every call is one short transaction; while another process holds the database it is made again and everything else goes on in
 * between. All throw STATE_FAILED, STATE_NEWER, BUSY and DISK_FULL besides what is named.
 */
export interface State {
  readonly sources: {
    find(url: string): Promise<KnownSource | undefined>;
    list(): Promise<readonly KnownSource[]>;
    save(source: KnownSource): Promise<void>;
    remove(url: string): Promise<void>;
  };
  readonly restores: {
    find(id: string): Promise<RestoreRow | undefined>;
    /** Newest first. */
    list(): Promise<readonly RestoreRow[]>;
    save(restore: RestoreRow): Promise<void>;
    remove(id: string): Promise<void>;
  };
  readonly documents: {
    find(name: string): Promise<string | undefined>;
    /** Writes what `next` makes of what is there, and returns it. */
    change(name: string, next: (before: string | undefined) => string): Promise<string>;
  };
  readonly units: {
    find(name: string): Promise<UnitRow | undefined>;
    /** The unit that holds a clone. */
    holding(cloneId: string): Promise<UnitRow | undefined>;
    list(): Promise<readonly UnitRow[]>;
    /** Takes the wanted port or the lowest free one of the range and, with a clone, its name, all or nothing. Throws NAME_TAKEN, PORTS_EXHAUSTED. */
    create(
      unit: Pick<UnitRow, 'name' | 'state' | 'revision' | 'databasePassword' | 'epoch' | 'lease'>,
      clone: NewClone | undefined,
      ports: PortRange,
    ): Promise<UnitRow>;
    /** As `change`, gives the unit another port, the lowest free one of the range. Throws PORTS_EXHAUSTED. */
    move(seen: UnitRow, ports: PortRange): Promise<UnitRow | undefined>;
    /**
     * Compare and swap: changes the unit and its clone only when nobody has changed its state, its lease, its clone or the clone's
     * end since it was read; undefined when somebody has.
     */
    change(
      seen: UnitRow,
      changes: UnitChanges & { readonly clone?: Partial<Omit<CloneRow, 'id'>> },
    ): Promise<UnitRow | undefined>;
    /** As `change`, for a unit that holds no clone and is to hold this one. Throws NAME_TAKEN. */
    assign(seen: UnitRow, clone: NewClone, changes: UnitChanges): Promise<UnitRow | undefined>;
    /**
     * As `change`, and its clone is called `name` from then on; `old`, the unit that holds a clone of that name, loses it and is to be
     * removed. All of it or nothing: undefined when either was changed. Throws NAME_TAKEN when another unit has got the name.
     */
    takeOver(
      seen: UnitRow,
      name: string,
      old: UnitRow | undefined,
      changes: UnitChanges & { readonly clone?: Partial<Omit<CloneRow, 'id'>> },
    ): Promise<UnitRow | undefined>;
    /** Forgets the unit and the clone in it. */
    remove(name: string): Promise<void>;
  };
  close(): void;
}
