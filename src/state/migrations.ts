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
  {
    version: 5,
    name: 'units and the clones in them',
    sql: `
      ALTER TABLE instances RENAME TO clones_as_instances;

      CREATE TABLE instances (
        name TEXT PRIMARY KEY,
        state TEXT NOT NULL,
        port INTEGER NOT NULL UNIQUE,
        php_version TEXT,
        database_password BLOB NOT NULL,
        epoch INTEGER NOT NULL,
        lease_job TEXT,
        lease_pid INTEGER,
        lease_started_at TEXT,
        created_at INTEGER NOT NULL,
        state_since INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE clones (
        id TEXT PRIMARY KEY,
        unit TEXT NOT NULL UNIQUE REFERENCES instances (name) ON DELETE CASCADE,
        url TEXT NOT NULL,
        source_url TEXT NOT NULL,
        wordpress_version TEXT,
        php_version TEXT,
        admin_username TEXT,
        admin_password BLOB,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        findings TEXT
      ) STRICT;

      INSERT INTO instances
        SELECT id,
          CASE state WHEN 'creating' THEN 'ASSIGNED' WHEN 'ready' THEN 'READY' WHEN 'resetting' THEN 'RESETTING' ELSE 'DELETING' END,
          port, NULL, database_password, epoch, owner_job, owner_pid, owner_started_at, created_at, created_at
        FROM clones_as_instances;
      INSERT INTO clones
        SELECT id, id, url, source_url, wordpress_version, php_version, admin_username, admin_password, created_at, expires_at, findings
        FROM clones_as_instances;
      DROP TABLE clones_as_instances;
    `,
  },
  {
    version: 6,
    name: 'what a unit was made from, how often it was used, when it was proven',
    sql: `
      ALTER TABLE instances ADD COLUMN revision TEXT NOT NULL DEFAULT '';
      ALTER TABLE instances ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE instances ADD COLUMN proven_at INTEGER;
      UPDATE instances SET uses = 1 WHERE name IN (SELECT unit FROM clones);
    `,
  },
  {
    version: 7,
    name: 'what was written to live sites',
    sql: `
      CREATE TABLE restores (
        id TEXT PRIMARY KEY,
        url TEXT NOT NULL,
        clone_id TEXT,
        status TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        receipt TEXT NOT NULL
      ) STRICT;
    `,
  },
  {
    version: 8,
    name: 'what those who use this machine know together',
    sql: `
      CREATE TABLE documents (
        name TEXT PRIMARY KEY,
        content TEXT NOT NULL
      ) STRICT;
    `,
  },
];
