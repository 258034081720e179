/**
 * The steps that bring the state database to what this version expects, oldest first. A step that has been released is
 * never edited: a change is a new step with the next number.
 */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'sources and local instances',
    sql: `
      CREATE TABLE meta (
        name TEXT PRIMARY KEY,
        value BLOB NOT NULL
      ) STRICT;

      CREATE TABLE sources (
        url TEXT PRIMARY KEY,
        endpoint TEXT NOT NULL,
        key_id TEXT NOT NULL,
        secret BLOB NOT NULL,
        insecure_tls INTEGER NOT NULL CHECK (insecure_tls IN (0, 1)),
        last_used_at INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE instances (
        id TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        port INTEGER NOT NULL UNIQUE,
        url TEXT NOT NULL,
        source_url TEXT NOT NULL,
        wordpress_version TEXT,
        php_version TEXT,
        admin_username TEXT,
        admin_password BLOB,
        database_password BLOB NOT NULL,
        owner_pid INTEGER,
        owner_started_at TEXT,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
      ) STRICT;
    `,
  },
  {
    version: 2,
    name: 'leases of jobs',
    sql: `
      ALTER TABLE instances ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE instances ADD COLUMN owner_job TEXT;
      UPDATE instances SET owner_job = '' WHERE owner_pid IS NOT NULL;
    `,
  },
  {
    version: 3,
    name: 'what walls gave',
    sql: 'ALTER TABLE sources ADD COLUMN wall BLOB;',
  },
  {
    version: 4,
    name: 'what was found in a clone',
    sql: 'ALTER TABLE instances ADD COLUMN findings TEXT;',
  },
];
